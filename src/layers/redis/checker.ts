// The checker of Redis itself reads the dump while it passes, where there is one: it takes every value apart, and counts them.
import { Fault } from '../../fault.ts';
import type { Ended, Machine } from '../../machines/machine.ts';
import { lastWords } from '../common/commands.ts';
import { damaged } from './rdb.ts';

/** @returns the first of the machines that has it */
export async function checkerOn(machines: readonly Machine[], signal: AbortSignal): Promise<Machine | undefined> {
  for (const machine of machines) {
    const found = await machine.run(['sh', '-c', 'command -v redis-check-rdb'], { signal });
    if (found.exitCode === 0) return machine;
  }
  return undefined;
}

/** `unread`: why it could say nothing, which is not that something is wrong. */
export type Checked = Readonly<{ keys: number; expires: number } | { unread: string }>;

export type Checking = Readonly<{
  pieces: AsyncIterable<Uint8Array>;
  /** after the last piece. @throws Fault `dump-damaged` */
  checked(): Promise<Checked>;
  close(): Promise<void>;
}>;

/** It opens what it reads by name; what we feed is a socket, which cannot be opened so, and a pipe can. */
const argv = ['sh', '-c', 'cat | redis-check-rdb /dev/stdin'] as const;

export function checking(
  dump: AsyncIterable<Uint8Array>,
  machine: Machine,
  where: string,
  signal: AbortSignal,
): Checking {
  const feeding = machine.feed(argv, { signal, env: { LC_ALL: 'C.UTF-8' } });
  let ended: Promise<Ended> | undefined;
  const end = (): Promise<Ended> => {
    ended ??= feeding.close();
    return ended;
  };
  const pieces = async function* () {
    let listens = true;
    for await (const piece of dump) {
      if (listens) listens = await feeding.write(piece);
      yield piece;
    }
  };
  return {
    pieces: pieces(),
    checked: async () => checkedOf(await end(), where),
    close: async () => {
      await end().catch(() => {});
    },
  };
}

function checkedOf(ended: Ended, where: string): Checked {
  const words = `${ended.stdout}\n${ended.stderr}`;
  if (/Can't handle RDB format version/.test(words)) return { unread: 'redis-check-rdb is older than the server' };
  const keys = /(\d+) keys read/.exec(words)?.[1];
  const expires = /(\d+) expires/.exec(words)?.[1];
  if (ended.exitCode === 0 && keys !== undefined) return { keys: Number(keys), expires: Number(expires ?? 0) };
  if (ended.exitCode === 0)
    throw new Fault('dump-failed', {
      where,
      says: `redis-check-rdb: ${lastWords(ended)}`,
      remedy: 'it ended well and counted nothing: see which program answers to that name',
    });
  throw damaged(where, `redis-check-rdb: ${lastWords(ended)}`);
}
