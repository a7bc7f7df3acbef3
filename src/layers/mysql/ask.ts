// Questions to a server through its client; what comes from the server never becomes a command.
import type { StepContext } from '../../contracts/step-kind.ts';
import { wholly } from '../common/dumps/end-mark.ts';
import { split } from '../common/records.ts';
import { argvOf, type Connection, optionsOf } from './connection.ts';
import { faultOf } from './faults.ts';
import { fieldsOf, mode } from './sql.ts';
import { known } from './tools.ts';

/** What was asked is never said again in an error: it may hold a password. */
const options = ['--batch', '--skip-column-names', '--no-auto-rehash', '--skip-reconnect', '--connect-timeout=20'];
const ifKnown = ['--skip-print-query-on-error'];

export type Rows = readonly (readonly string[])[];

/** @returns the rows of all answers, one after the other */
export async function ask(
  connection: Connection,
  sql: string,
  { signal }: Pick<StepContext, 'signal'>,
  about = 'the server',
): Promise<Rows> {
  const { machine, client } = connection;
  const argv = argvOf(connection, client, [...options, ...known(client, ifKnown)]);
  const running = { ...optionsOf(connection, signal), input: `${mode}\n${sql}\n` };
  const answer = wholly(machine, argv, running, (ended) => faultOf(connection, about, 'client', ended));
  const rows: (readonly string[])[] = [];
  for await (const line of split(answer, 10)) rows.push(fieldsOf(line.toString()));
  return rows;
}
