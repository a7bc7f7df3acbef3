// Questions to a server, through psql: each answer is lines of JSON that we asked for. What comes from the server never becomes a command.
import { randomBytes } from 'node:crypto';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Argv } from '../../machines/machine.ts';
import { split } from '../common/records.ts';
import { argvOf, type Connection, faultOf, optionsOf } from './connection.ts';

const options = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'] as const;
const argv = (connection: Connection, database: string): Argv => argvOf(connection, 'psql', database, options);

/** @returns a value for each line of the answer */
export async function ask(
  connection: Connection,
  database: string,
  sql: string,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<readonly unknown[]> {
  const running = await converse(connection, database, signal);
  try {
    return await running.ask(sql);
  } finally {
    await running.close();
  }
}

export type Conversation = Readonly<{
  /** one or more statements; the answers of all of them */
  ask(sql: string): Promise<readonly unknown[]>;
  close(): Promise<void>;
}>;

/** A session that stays: what is begun in it lasts until it is closed. */
export async function converse(connection: Connection, database: string, signal: AbortSignal): Promise<Conversation> {
  const left = new AbortController();
  const { machine } = connection;
  const talking = machine.talk(
    argv(connection, database),
    optionsOf(connection, AbortSignal.any([signal, left.signal])),
  );
  const lines = split(talking.stdout, 10)[Symbol.asyncIterator]();
  return {
    ask: async (sql) => {
      const mark = `holdfast-${randomBytes(12).toString('hex')}`;
      await talking.write(Buffer.from(`${sql}\n\\echo ${mark}\n`));
      const answers: unknown[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw faultOf(connection, database, 'psql', await talking.ended);
        const line = value.toString();
        if (line === mark) return answers;
        if (line !== '') answers.push(JSON.parse(line));
      }
    },
    close: async () => {
      await talking.hush();
      left.abort();
      await talking.ended.catch(() => {});
    },
  };
}
