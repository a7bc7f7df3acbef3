// What every step of a restore works with: the server, by the login that may change it, and the database that the step is about.
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { kindOf, type Ref } from '../../values/ref.ts';
import { removeKept } from '../common/dumps/credentials.ts';
import { givenOf } from '../common/given.ts';
import { readManifest } from '../common/points/manifest.ts';
import { type Connection, connect, forRestore } from './connection.ts';
import { programsFor } from './programs.ts';
import { ask } from './psql.ts';
import { beforeName, type Database, loadedName, type RestoreGiven, restoreGiven } from './restore-given.ts';
import { literal } from './sql.ts';

export const givenIn = (context: StepContext): RestoreGiven => givenOf(restoreGiven, context.step);

export type Placed = Readonly<{ database: Database; loaded: string; before: string }>;

export function placedIn(given: RestoreGiven, context: Pick<StepContext, 'run'>, which = given.which): Placed {
  const database = given.databases[which ?? -1];
  if (database === undefined || which === undefined) throw new Error('a step of a restore is about no database');
  return { database, loaded: loadedName(context.run, which), before: beforeName(context.run, which) };
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

/** A step that was given back already is not given back again when it is undone: what undoing takes, it gives back itself. */
export const undoing =
  (undo: NonNullable<StepKind['undo']>): NonNullable<StepKind['undo']> =>
  async (context, fate) => {
    try {
      await undo(context, fate);
    } finally {
      await release(context);
    }
  };

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

/** The point, where it is expected to be as it was; of databases nothing is expected. */
export async function observePoint(context: StepContext, subject: Ref) {
  const { folder, points } = givenIn(context);
  if (kindOf(subject) !== 'restore-point') return absent;
  const manifest = await readManifest(context.world.machine(points).files, folder);
  return 'problem' in manifest ? absent : digestOf(manifest);
}
