// What every step of a restore works with: the server, by the login that may change it, and the database that the step is about.
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Ref } from '../../values/ref.ts';
import { removeKept, thenReleased } from '../common/dumps/credentials.ts';
import { databaseIn } from '../common/dumps/restore-chain.ts';
import { givenOf } from '../common/given.ts';
import { observeChosen } from '../common/points/expects.ts';
import { type Connection, connect, forRestore } from './connection.ts';
import { programsFor } from './programs.ts';
import { ask } from './psql.ts';
import { beforeName, type Database, loadedName, type RestoreGiven, restoreGiven } from './restore-given.ts';
import { literal } from './sql.ts';

export const givenIn = (context: StepContext): RestoreGiven => givenOf(restoreGiven, context.step);

export type Placed = Readonly<{ database: Database; loaded: string; before: string }>;

export function placedIn(given: RestoreGiven, context: Pick<StepContext, 'run'>, which = given.which): Placed {
  const { database, which: nth } = databaseIn(given, which);
  return { database, loaded: loadedName(context.run, nth), before: beforeName(context.run, nth) };
}

/** From a database that is not about to be renamed: nobody may be in that one. */
export type Restoring = Readonly<{ connection: Connection; from: string }>;

export async function restoringIn(given: RestoreGiven, context: StepContext): Promise<Restoring> {
  const entry = forRestore(given.entry);
  const connection = await connect(entry, context);
  const programs = entry.programs ?? (await programsFor(connection.machine, given.major, context.signal));
  const own = entry.server.database;
  const from = given.databases.some(({ name }) => name === own) ? 'template1' : own;
  return { connection: { ...connection, programs }, from };
}

export const release = (context: StepContext): Promise<void> =>
  removeKept(context.world.machine(givenIn(context).entry.machine), context);

export const undoing = (undo: NonNullable<StepKind['undo']>) => thenReleased(undo, release);

export async function namesThere(
  { connection, from }: Restoring,
  names: readonly string[],
  context: Pick<StepContext, 'signal'>,
): Promise<ReadonlySet<string>> {
  const list = names.map(literal).join(',');
  const found = await ask(
    connection,
    from,
    `SELECT to_json(datname::text) FROM pg_database WHERE datname IN (${list});`,
    context,
  );
  return new Set(found.map(String));
}

export const observePoint = (context: StepContext, subject: Ref) => observeChosen(context, givenIn(context), subject);
