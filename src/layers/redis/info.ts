// What a server says of itself (INFO): lines of `name:value`.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { ask, type Client } from './client.ts';

export type Info = Readonly<Record<string, string>>;

export function infoOf(text: string): Info {
  const lines = text.replaceAll('\r', '').split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf(':');
      return line.startsWith('#') || at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

/** Every section that a server has by default; all of them begin with one on the server. */
export const infoFrom = async (client: Client, context: Pick<StepContext, 'signal'>): Promise<Info> =>
  infoOf((await ask(client, ['info'], /^# Server\n.*/s, context))[0]);

/** Undefined where the login may not ask. */
export async function infoWhereAllowed(
  client: Client,
  context: Pick<StepContext, 'signal'>,
): Promise<Info | undefined> {
  try {
    return await infoFrom(client, context);
  } catch (error) {
    if (error instanceof Fault && error.code === 'dump-not-allowed') return undefined;
    throw error;
  }
}

export type Keyspace = Readonly<{ databases: Readonly<Record<string, number>>; keys: number; expires: number }>;

/** `db0:keys=12,expires=3,avg_ttl=0`, a line for each database that has a key */
export function keyspaceOf(info: Info): Keyspace {
  const databases: Record<string, number> = {};
  let [keys, expires] = [0, 0];
  for (const [name, value] of Object.entries(info)) {
    const found = /^keys=(\d+),expires=(\d+)/.exec(value);
    if (!/^db\d+$/.test(name) || found === null) continue;
    databases[name] = Number(found[1]);
    keys += Number(found[1]);
    expires += Number(found[2]);
  }
  return { databases, keys, expires };
}
