// The step `postgres.load`: a dump becomes a database that nobody knows yet, and its rows are counted. What is not whole is removed.

import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { count, cut, shown } from '../../values/text.ts';
import { readFacts } from '../common/dumps/facts-part.ts';
import { opened } from '../common/dumps/opened.ts';
import { forAge } from '../common/points/encryption.ts';
import { aboutOf, belongingsSql, createSql } from './about.ts';
import { argvOf, faultOf, optionsOf } from './connection.ts';
import { countsIn } from './counts.ts';
import { ask } from './psql.ts';
import type { RestoreGiven } from './restore-given.ts';
import { givenIn, namesThere, observePoint, placedIn, type Restoring, release, restoringIn } from './restoring.ts';
import { identifier } from './sql.ts';

export const loadKind: StepKind = {
  name: 'postgres.load',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { database, loaded } = placedIn(given, context);
    const restoring = await restoringIn(given, context);
    const { connection, from } = restoring;
    const about = aboutOf(database.taken.about);
    await drop(restoring, loaded, context);
    context.take('database that is loaded', loaded);
    await ask(connection, from, createSql(loaded, about), context);
    await load(given, restoring, loaded, context);
    await ask(connection, from, belongingsSql(loaded, about), context);
    await ask(connection, loaded, 'ANALYZE;', context);
    const rows = await compared(given, restoring, loaded, context);
    return { result: { database: loaded, rows } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what nobody saw loaded to its end is loaded again' }),

  undo: async (context) => {
    const given = givenIn(context);
    await drop(await restoringIn(given, context), placedIn(given, context).loaded, context);
  },
  release,
};

/** Only what has this run's own name. Whoever looks into it meanwhile is sent away. */
async function drop(restoring: Restoring, name: string, context: StepContext): Promise<void> {
  if (!(await namesThere(restoring, [name], context)).has(name)) return;
  await ask(restoring.connection, restoring.from, `DROP DATABASE ${identifier(name)} WITH (FORCE);`, context);
}

async function load(given: RestoreGiven, { connection }: Restoring, name: string, context: StepContext): Promise<void> {
  const { entry, points, folder } = given;
  const { taken } = placedIn(given, context).database;
  const identity = entry.identity && (await context.world.secret(entry.identity, forAge));
  const machine = context.world.machine(points);
  const argv = argvOf(connection, 'pg_restore', name, ['--exit-on-error']);
  const feeding = connection.machine.feed(argv, optionsOf(connection, context.signal));
  try {
    for await (const piece of opened({ machine, folder, taken, identity }, context))
      if (!(await feeding.write(piece))) break;
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  if (ended.exitCode !== 0) throw faultOf(connection, taken.name, 'pg_restore', ended);
}

/** @returns all rows; @throws Fault `restore-not-sound` where a table has not those that were dumped */
async function compared(
  { entry, points, folder, which, databases }: RestoreGiven,
  { connection }: Restoring,
  name: string,
  context: StepContext,
): Promise<number> {
  const taken = databases[which ?? -1]?.taken;
  const expected = await readFacts(context.world.machine(points), folder, entry, taken?.name ?? '', context);
  const found = (await countsIn(connection, name, context)).tables;
  const wrong = Object.entries(expected).filter(([table, rows]) => found[table] !== rows);
  if (wrong.length === 0) return Object.values(found).reduce((sum, rows) => sum + rows, 0);
  const some = wrong.map(
    ([table, rows]) => `${shown(table)} has ${found[table] ?? 'not been made'}, dumped were ${rows}`,
  );
  throw new Fault('restore-not-sound', {
    where: `${entry.name}: ${shown(taken?.name ?? '')}`,
    says: `${count(wrong.length, 'table')} ${wrong.length === 1 ? 'has' : 'have'} not the rows of the dump: ${cut(some.join('; '), 600)}`,
    remedy: 'restore another point; hold or keep this one until it is known what is wrong with it',
  });
}
