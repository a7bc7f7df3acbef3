// Lanes: what may not be done at the same time. A lane is held across every run on this machine (a lock that dies with its
// process), and within this process one step after the other. What a step holds, the child plan it brings may use.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Holder, holderOf, type Lock, type LockFile, lockFile } from '../store/lock.ts';
import { milliseconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';

export interface HeldLanes {
  /** for the steps of a child plan: they share what their parent holds, one of them at a time */
  readonly within: Lanes;
  release(): void;
}

export interface Lanes {
  /** waits until all of them are free; `waiting` is told for whom */
  take(names: readonly string[], signal: AbortSignal, waiting: (says: string) => void): Promise<HeldLanes>;
}

export type LaneOptions = Readonly<{ folder: string; clock: Clock; holder: Holder }>;

export const lockFileOf = (folder: string, name: string): string =>
  join(folder, `${createHash('sha256').update(name).digest('hex').slice(0, 24)}.lock`);

const pollEvery = milliseconds(200);

export function lanesAcrossRuns(options: LaneOptions): Lanes {
  const files = new Map<string, LockFile>();
  const fileOf = (name: string): LockFile => {
    const known = files.get(name) ?? lockFile(lockFileOf(options.folder, name));
    files.set(name, known);
    return known;
  };
  return queued(async (name, signal, waiting) => {
    for (let told = false; ; told = true) {
      const lock = fileOf(name).try(options.holder);
      if (lock !== undefined) return lock;
      const holder = holderOf(lockFileOf(options.folder, name));
      if (!told) waiting(`waits for ${name}, which ${holder?.what ?? 'another run'} has`);
      await options.clock.sleep(pollEvery, signal);
    }
  });
}

type TakeOne = (name: string, signal: AbortSignal, waiting: (says: string) => void) => Promise<Lock | HeldLanes>;

/** One queue per name within this process, in front of whatever takes the name for real. */
function queued(takeOne: TakeOne): Lanes {
  const queues = new Map<string, Promise<void>>();
  const take = async (name: string, signal: AbortSignal, waiting: (says: string) => void): Promise<() => void> => {
    const before = queues.get(name) ?? Promise.resolve();
    let open = () => {};
    const mine = new Promise<void>((resolve) => {
      open = resolve;
    });
    queues.set(
      name,
      before.then(() => mine),
    );
    try {
      await Promise.race([before, aborted(signal)]);
      const lock = await takeOne(name, signal, waiting);
      return () => {
        lock.release();
        open();
      };
    } catch (error) {
      // Whoever stands behind us in the queue still waits for whoever stands before us.
      void before.then(open);
      throw error;
    }
  };
  return {
    take: async (names, signal, waiting) => {
      const releases: (() => void)[] = [];
      const release = () => {
        for (const one of releases.splice(0).reverse()) one();
      };
      try {
        // Always in the same order, so that two steps never wait for each other.
        for (const name of [...new Set(names)].sort()) releases.push(await take(name, signal, waiting));
      } catch (error) {
        release();
        throw error;
      }
      const held = new Set(names);
      const outer = (name: string, inner: AbortSignal, say: (says: string) => void) =>
        held.has(name) ? Promise.resolve({ release: () => {}, [Symbol.dispose]: () => {} }) : takeOne(name, inner, say);
      return { within: queued(outer), release };
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
