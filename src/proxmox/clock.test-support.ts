// Clocks for tests: one that stands until it is stepped, and one that leaps over every sleep.
import { EventEmitter, once } from 'node:events';
import { type Duration, milliseconds } from '../values/duration.ts';
import { type Clock, epochMilliseconds, instantAt } from '../values/instant.ts';

const beginning = Date.UTC(2026, 0, 31, 2, 0, 0);

export interface SteppedClock extends Clock {
  /** wakes who slept until then, in order */
  step(duration: Duration): void;
  /** resolves when this many sleep */
  sleepers(count: number): Promise<void>;
}

export function steppedClock(): SteppedClock {
  let elapsed = 0;
  const events = new EventEmitter();
  const asleep = new Set<{ until: number; wake: () => void }>();
  return {
    now: () => instantAt(beginning + elapsed),
    monotonic: () => elapsed,
    sleep: (duration, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleeper = { until: elapsed + duration, wake: resolve };
        asleep.add(sleeper);
        signal?.addEventListener('abort', () => {
          asleep.delete(sleeper);
          reject(signal.reason);
        });
        events.emit('asleep');
      }),
    step: (duration) => {
      elapsed += duration;
      const due = [...asleep].filter((sleeper) => sleeper.until <= elapsed).sort((a, b) => a.until - b.until);
      for (const sleeper of due) {
        asleep.delete(sleeper);
        sleeper.wake();
      }
    },
    sleepers: async (count) => {
      while (asleep.size < count) await once(events, 'asleep');
    },
  };
}

/** Sleeping takes no time; `elapsed` says how long it would have taken. */
export function leapingClock(): Clock & { elapsed(): Duration } {
  let elapsed = 0;
  return {
    now: () => instantAt(epochMilliseconds(instantAt(beginning)) + elapsed),
    monotonic: () => elapsed,
    sleep: async (duration, signal) => {
      signal?.throwIfAborted();
      elapsed += duration;
    },
    elapsed: () => milliseconds(elapsed),
  };
}
