// A dump of a point becomes the content of a database; and what the server counts in it is compared with what was dumped.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { count, cut, shown } from '../../values/text.ts';
import { readFacts } from '../common/dumps/facts-part.ts';
import { opened } from '../common/dumps/opened.ts';
import type { Taken } from '../common/dumps/taken.ts';
import { forAge } from '../common/points/encryption.ts';
import { ask } from './ask.ts';
import { argvOf, type Connection, optionsOf } from './connection.ts';
import { faultOf } from './faults.ts';
import { renamed } from './rename.ts';
import type { RestoreGiven } from './restore-given.ts';
import { identifier, isExactly } from './sql.ts';
import { known, type Tool } from './tools.ts';

export type Source = Readonly<{
  given: Pick<RestoreGiven, 'entry' | 'points'>;
  /** of the point */
  folder: string;
  taken: Taken;
}>;

/** Commands of the client in a text are none: whoever wrote into the database gets nothing run here. */
const options = ['--batch', '--binary-mode', '--sandbox', '--skip-reconnect', '--max-allowed-packet=1073741824'];

/** @param asleep its events do not run there */
export async function load(
  connection: Connection,
  source: Source,
  into: string,
  context: StepContext,
  asleep = false,
): Promise<void> {
  const { given, folder, taken } = source;
  const identity = given.entry.identity && (await context.world.secret(given.entry.identity, forAge));
  const machine = context.world.machine(given.points);
  const dump = opened({ machine, folder, taken, identity }, context);
  const pieces = taken.name === into ? dump : renamed(dump, { from: taken.name, to: into, asleep });
  const { client } = connection;
  const ifKnown = known(client, [...options, '--skip-print-query-on-error']);
  const argv = argvOf(connection, client, [...ifKnown, `--database=${into}`]);
  const feeding = connection.machine.feed(argv, optionsOf(connection, context.signal));
  let isFirst = true;
  try {
    for await (const piece of pieces) {
      if (isFirst) checkClient(client, piece, connection.machine.name);
      isFirst = false;
      if (!(await feeding.write(piece))) break;
    }
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  if (ended.exitCode !== 0) throw faultOf(connection, taken.name, 'client', ended);
}

const marker = Buffer.from('/*M!999999');

/** An older client takes the marker for a command that it does not know, or for nothing, and would run what the dump says. */
function checkClient({ knows, path }: Tool, begin: Uint8Array, where: string): void {
  if (!marker.equals(begin.subarray(0, marker.length)) || knows.has('sandbox')) return;
  throw new Fault('client-too-old', {
    where,
    says: `the dump asks for a client that can be shut in (its first line), and ${path} there cannot`,
    remedy: 'install the client of MariaDB from 10.5.25, 10.6.18 or 10.11.8 on, or give its folder as `programs`',
  });
}

const tableName = z.tuple([z.string()]);
const counted = z.tuple([z.coerce.number().int(), z.coerce.number().int().nonnegative()]);

/** @returns all rows; @throws Fault `restore-not-sound` where a table has not those that were dumped */
export async function compare(
  connection: Connection,
  { given, folder, taken }: Source,
  schema: string,
  context: StepContext,
): Promise<number> {
  const machine = context.world.machine(given.points);
  const { identity: reference } = given.entry;
  const identity = reference && (await context.world.secret(reference, forAge));
  const expected = Object.entries(await readFacts({ machine, folder, identity }, taken.name, context));
  const list = `SELECT TABLE_NAME FROM information_schema.TABLES WHERE ${isExactly('TABLE_SCHEMA', schema)};`;
  const there = new Set(
    z
      .array(tableName)
      .parse(await ask(connection, list, context, schema))
      .map(([name]) => name),
  );
  const questions = expected.flatMap(([table], at) =>
    there.has(table) ? [`SELECT ${at}, COUNT(*) FROM ${identifier(schema)}.${identifier(table)};`] : [],
  );
  const answers = z.array(counted).parse(await ask(connection, questions.join('\n'), context, schema));
  const found = new Map(answers);
  const wrong = expected.flatMap(([table, rows], at) => {
    const has = found.get(at);
    return has === rows ? [] : [`${shown(table)} has ${has ?? 'not been made'}, dumped were ${rows}`];
  });
  if (wrong.length === 0) return answers.reduce((sum, [, rows]) => sum + rows, 0);
  throw new Fault('restore-not-sound', {
    where: `${given.entry.name}: ${shown(taken.name)}`,
    says: `${count(wrong.length, 'table')} ${wrong.length === 1 ? 'has' : 'have'} not the rows of the dump: ${cut(wrong.join('; '), 600)}`,
    remedy: 'restore another point; hold or keep this one until it is known what is wrong with it',
  });
}
