// A dump of a point becomes a database of a server, and its rows are counted there: for a restore, and for a proof on a server of its own.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Secret } from '../../values/secret.ts';
import { count, cut, shown } from '../../values/text.ts';
import { readFacts } from '../common/dumps/facts-part.ts';
import { opened } from '../common/dumps/opened.ts';
import type { Taken } from '../common/dumps/taken.ts';
import { aboutOf, belongingsSql, createSql } from './about.ts';
import { argvOf, type Connection, faultOf, optionsOf } from './connection.ts';
import { countsIn } from './counts.ts';
import { ask } from './psql.ts';

export type Loading = Readonly<{
  connection: Connection;
  /** another database of that server, to make this one from */
  from: string;
  /** the name that it gets */
  name: string;
  /** that the point lies on */
  points: Machine;
  folder: string;
  taken: Taken;
  identity: Secret | undefined;
}>;

/** @returns all its rows; @throws Fault `restore-not-sound` where a table has not those that were dumped */
export async function loadDatabase(loading: Loading, context: StepContext): Promise<number> {
  const { connection, from, name, taken } = loading;
  const about = aboutOf(taken.about);
  await ask(connection, from, createSql(name, about), context);
  await load(loading, context);
  await ask(connection, from, belongingsSql(name, about), context);
  // Without its statistics a server that was just loaded plans as if every table were empty.
  await ask(connection, name, 'ANALYZE;', context);
  return compared(loading, context);
}

async function load({ connection, name, points, folder, taken, identity }: Loading, context: StepContext) {
  const argv = argvOf(connection, 'pg_restore', name, ['--exit-on-error']);
  const feeding = connection.machine.feed(argv, optionsOf(connection, context.signal));
  try {
    for await (const piece of opened({ machine: points, folder, taken, identity }, context))
      if (!(await feeding.write(piece))) break;
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  if (ended.exitCode !== 0) throw faultOf(connection, taken.name, 'pg_restore', ended);
}

async function compared(
  { connection, name, points, folder, taken, identity }: Loading,
  context: StepContext,
): Promise<number> {
  const expected = await readFacts({ machine: points, folder, identity }, taken.name, context);
  const found = (await countsIn(connection, name, context)).tables;
  const wrong = Object.entries(expected).filter(([table, rows]) => found[table] !== rows);
  if (wrong.length === 0) return Object.values(found).reduce((sum, rows) => sum + rows, 0);
  const some = wrong.map(
    ([table, rows]) => `${shown(table)} has ${found[table] ?? 'not been made'}, dumped were ${rows}`,
  );
  throw new Fault('restore-not-sound', {
    where: `${connection.entry.name}: ${shown(taken.name)}`,
    says: `${count(wrong.length, 'table')} ${wrong.length === 1 ? 'has' : 'have'} not the rows of the dump: ${cut(some.join('; '), 600)}`,
    remedy: 'restore another point; hold or keep this one until it is known what is wrong with it',
  });
}
