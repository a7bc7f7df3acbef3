// Who is connected, as far as the login may see it; and sending them away.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import { numbersIn } from './faults.ts';
import { isExactly } from './sql.ts';

const own = 'ID <> CONNECTION_ID()';
const session = z.tuple([z.string(), z.string(), z.string()]);

export const sessionsSchema = z.array(
  z.object({ database: z.string(), user: z.string(), address: z.string(), count: z.int() }),
);
export type Sessions = z.infer<typeof sessionsSchema>;

export async function sessionsOn(connection: Connection, context: Pick<StepContext, 'signal'>): Promise<Sessions> {
  const sql = `SELECT DB, USER, HOST FROM information_schema.PROCESSLIST WHERE DB IS NOT NULL AND ${own};`;
  const counts = new Map<string, number>();
  for (const [database, user, host] of z.array(session).parse(await ask(connection, sql, context))) {
    const key = JSON.stringify([database, user, host.replace(/:\d+$/, '')]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => {
    const [database, user, address] = session.parse(JSON.parse(key));
    return { database, user, address, count };
  });
}

/** Unknown thread: it has gone by itself. Not the owner: the login may end only its own; then the drop waits for them. */
const harmless = [1094, 1095, 1227];

export async function leave(connection: Connection, name: string, context: Pick<StepContext, 'signal'>): Promise<void> {
  const sql = `SELECT ID FROM information_schema.PROCESSLIST WHERE ${isExactly('DB', name)} AND ${own};`;
  const ids = z.array(z.tuple([z.coerce.number().int()])).parse(await ask(connection, sql, context));
  for (const [id] of ids) {
    try {
      await ask(connection, `KILL CONNECTION ${id};`, context);
    } catch (error) {
      if (!(error instanceof Fault) || !numbersIn(error.says).some((one) => harmless.includes(one))) throw error;
    }
  }
}
