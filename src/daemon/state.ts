// Where it can be seen that a daemon watches.
import { join } from 'node:path';
import { tryLock } from '../store/lock.ts';

/** Held by the daemon as long as it lives. */
export const daemonLock = (state: string): string => join(state, 'locks', 'serve.lock');

/** Undefined where it cannot be seen: the state is somebody else's. */
export function isWatched(state: string): boolean | undefined {
  try {
    using lock = tryLock(daemonLock(state), { run: 'look', pid: process.pid, what: 'a look' });
    return lock === undefined;
  } catch {
    return undefined;
  }
}
