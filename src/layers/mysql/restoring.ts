// What every step of a restore works with: the server, by the login that may change it, and the database that the step is about.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { absent } from '../../model/step.ts';
import { digestOf, type Json } from '../../values/canonical.ts';
import { kindOf, type Ref } from '../../values/ref.ts';
import { removeKept } from '../common/dumps/credentials.ts';
import { givenOf } from '../common/given.ts';
import { readManifest } from '../common/points/manifest.ts';
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
import { identifier, isExactly } from './sql.ts';

export const givenIn = (context: StepContext): RestoreGiven => givenOf(restoreGiven, context.step);

export type Placed = Readonly<{ database: Database; loaded: string; replacing: string; replaced: string }>;

export function placedIn(given: RestoreGiven, { run }: Pick<StepContext, 'run'>, which = given.which): Placed {
  // A step of one database is given that one alone.
  const database = given.databases[given.which === undefined ? (which ?? -1) : 0];
  if (database === undefined || which === undefined) throw new Error('a step of a restore is about no database');
  return {
    ...{ database, loaded: loadedName(run, which) },
    ...{ replacing: replacingName(run, which), replaced: replacedName(run, which) },
  };
}

export const restoringIn = (given: RestoreGiven, context: StepContext): Promise<Connection> =>
  connect(forRestore(given.entry), context);

export const release = (context: StepContext): Promise<void> =>
  removeKept(context.world.machine(givenIn(context).entry.machine), context);

/** A step that was done is undone long after it was released: what it needs to log in goes again. */
export const thenReleased =
  (undo: (context: StepContext) => Promise<void>) =>
  async (context: StepContext): Promise<void> => {
    try {
      await undo(context);
    } finally {
      await release(context);
    }
  };

type Watched = Pick<StepContext, 'signal'>;

export async function namesThere(
  connection: Connection,
  names: readonly string[],
  context: Watched,
): Promise<ReadonlySet<string>> {
  const any = names.map((name) => `(${isExactly('SCHEMA_NAME', name)})`).join(' OR ');
  const found = await ask(connection, `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE ${any};`, context);
  return new Set(found.map(([name = '']) => name));
}

export async function isThere(connection: Connection, name: string, context: Watched): Promise<boolean> {
  return (await namesThere(connection, [name], context)).has(name);
}

/** Only what has a name of this run, or what it has replaced. */
export async function drop(connection: Connection, name: string, context: Watched): Promise<void> {
  await ask(connection, `DROP DATABASE IF EXISTS ${identifier(name)};`, context, name);
}

const word = z.string().regex(/^[A-Za-z0-9_]+$/);
const about = z.object({ charset: word, collation: word });

/** An empty one that is made as that one was. */
export function createSql(name: string, value: Json | undefined): string {
  const { charset, collation } = about.parse(value);
  return `CREATE DATABASE ${identifier(name)} CHARACTER SET ${charset} COLLATE ${collation};`;
}

/** The point, where it is expected to be as it was; of databases nothing is expected. */
export async function observePoint(context: StepContext, subject: Ref) {
  const { folder, points } = givenIn(context);
  if (kindOf(subject) !== 'restore-point') return absent;
  const manifest = await readManifest(context.world.machine(points).files, folder);
  return 'problem' in manifest ? absent : digestOf(manifest);
}
