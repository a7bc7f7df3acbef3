// What was heard since the last records, once each. A file that is written to and stays open is recorded now and then, not with
// each write.
import type { Change, Path } from '../model/change-journal.ts';
import { milliseconds, seconds } from '../values/duration.ts';
import { after, type Instant } from '../values/instant.ts';

export interface Batch {
  add(change: Change): void;
  /** written to, and open still */
  hold(path: Path, at: Instant): void;
  /** adds what was held for long enough by now */
  release(now: Instant): void;
  oldestHeld(): Instant | undefined;
  full(): boolean;
  take(): readonly Change[];
}

const heldFor = seconds(30);
const most = 10_000;

export function batchOf(): Batch {
  let changes: Change[] = [];
  let seen = new Set<string>();
  const held = new Map<Path, Instant>();
  const add = (change: Change): void => {
    if (change.what === 'changed') held.delete(change.path);
    if (change.what === 'changed' || change.what === 'removed') {
      const key = `${change.what} ${change.path}`;
      if (seen.has(key)) return;
      seen.add(key);
    } else {
      // Names mean something else behind a move.
      releaseBefore(undefined);
      seen = new Set();
    }
    changes.push(change);
  };
  const releaseBefore = (time: Instant | undefined): void => {
    for (const [path, at] of [...held])
      if (time === undefined || at < time) add({ what: 'changed', path, folder: false });
  };
  return {
    add,
    hold: (path, at) => {
      if (seen.has(`changed ${path}`) || held.has(path)) return;
      held.set(path, at);
      if (held.size >= most) releaseBefore(undefined);
    },
    release: (now) => releaseBefore(after(now, milliseconds(-heldFor))),
    oldestHeld: () => held.values().next().value,
    full: () => changes.length >= most,
    take: () => {
      const taken = changes;
      [changes, seen] = [[], new Set()];
      return taken;
    },
  };
}
