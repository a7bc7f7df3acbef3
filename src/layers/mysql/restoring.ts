// What every step of a restore works with: the server, by the login that may change it, and the database that the step is about.
import * as z from 'zod';
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Json } from '../../values/canonical.ts';
import type { Ref } from '../../values/ref.ts';
import { removeKept, thenReleased } from '../common/dumps/credentials.ts';
import { databaseIn } from '../common/dumps/restore-chain.ts';
import { givenOf } from '../common/given.ts';
import { observeChosen } from '../common/points/expects.ts';
import { ask } from './ask.ts';
import { type Connection, connect, forRestore } from './connection.ts';
import {
  type Database,
  loadedName,
  type RestoreGiven,
  replacedName,
  replacingName,
  restoreGiven,
} from './restore-given.ts';
import { identifier, isOneOf } from './sql.ts';

export const givenIn = (context: StepContext): RestoreGiven => givenOf(restoreGiven, context.step);

export type Placed = Readonly<{ database: Database; loaded: string; replacing: string; replaced: string }>;

export function placedIn(given: RestoreGiven, { run }: Pick<StepContext, 'run'>, which = given.which): Placed {
  // A step of one database is given that one alone.
  const { database, which: nth } = databaseIn(given, which);
  return {
    ...{ database, loaded: loadedName(run, nth) },
    ...{ replacing: replacingName(run, nth), replaced: replacedName(run, nth) },
  };
}

export const restoringIn = (given: RestoreGiven, context: StepContext): Promise<Connection> =>
  connect(forRestore(given.entry), context);

export const release = (context: StepContext): Promise<void> =>
  removeKept(context.world.machine(givenIn(context).entry.machine), context);

export const undoing = (undo: NonNullable<StepKind['undo']>) => thenReleased(undo, release);

type Watched = Pick<StepContext, 'signal'>;

export async function namesThere(
  connection: Connection,
  names: readonly string[],
  context: Watched,
): Promise<ReadonlySet<string>> {
  const sql = `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE ${isOneOf('SCHEMA_NAME', names)};`;
  const found = await ask(connection, sql, context);
  return new Set(found.map(([name = '']) => name));
}

export async function isThere(connection: Connection, name: string, context: Watched): Promise<boolean> {
  return (await namesThere(connection, [name], context)).has(name);
}

/** A server waits for a day for whoever holds a table. */
const patiently = 'SET SESSION lock_wait_timeout = 30;';

/** Only what has a name of this run, or what it has replaced. */
export async function drop(connection: Connection, name: string, context: Watched): Promise<void> {
  await ask(connection, `${patiently} DROP DATABASE IF EXISTS ${identifier(name)};`, context, name);
}

/** Those that have names of this run: of a thousand databases, three thousand. */
export async function dropAll(connection: Connection, names: Iterable<string>, context: Watched): Promise<void> {
  const each = [...names].map((name) => `DROP DATABASE IF EXISTS ${identifier(name)};`);
  await ask(connection, [patiently, ...each].join('\n'), context);
}

const word = z.string().regex(/^[A-Za-z0-9_]+$/);
const about = z.object({ charset: word, collation: word });

function madeLike(value: Json | undefined): string {
  const { charset, collation } = about.parse(value);
  return `CHARACTER SET ${charset} COLLATE ${collation}`;
}

/** An empty one that is made as that one was; or one that is there, and is to be so. */
export const createSql = (name: string, like: Json | undefined): string =>
  `CREATE DATABASE ${identifier(name)} ${madeLike(like)};`;
export const alterSql = (name: string, like: Json | undefined): string =>
  `ALTER DATABASE ${identifier(name)} ${madeLike(like)};`;

export const observePoint = (context: StepContext, subject: Ref) => observeChosen(context, givenIn(context), subject);
