// What the script that takes snapshots said. Pure.
import { type PoolState, readPoolStatus } from './pool.ts';

export type Taken = Readonly<{
  /** undefined where it could not be read; `unread` says why */
  pool: PoolState | undefined;
  unread: string | undefined;
  full: boolean;
  /** names of snapshots that are sealed */
  sealed: readonly string[];
  /** why others are not, by name */
  failed: ReadonlyMap<string, string>;
  /** between the first and the last of them at most, in milliseconds */
  skew: number;
}>;

export function readAnswer(text: string): Taken {
  const lines = text.split('\n').map((line) => line.split(' '));
  const after = (word: string): readonly (readonly string[])[] =>
    lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const [status] = after('pool');
  const [unread] = after('unread');
  const failed = new Map<string, string>();
  for (const [name = '', ...says] of after('failed')) failed.set(plain(name), says.join(' ').trim());
  for (const [name = '', ...says] of after('unsealed'))
    failed.set(plain(name), says.join(' ').trim() || 'it is not as a snapshot of this volume must be');
  const times = [...after('began'), ...after('took')].map(([time]) => Number(time)).filter(Number.isFinite);
  return {
    pool: status === undefined ? undefined : readPoolStatus(status.join(' ')),
    unread: unread?.join(' ').trim(),
    full: after('full').length > 0,
    sealed: after('sealed').map(([name = '']) => plain(name)),
    failed,
    skew: times.length < 2 ? 0 : Math.round((Math.max(...times) - Math.min(...times)) * 1000),
  };
}

/** Without the volume group. */
const plain = (name: string): string => name.slice(name.indexOf('/') + 1);
