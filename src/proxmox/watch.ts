// The patience of one call: it ends when nothing was heard for too long, or when it took too long in all. Time is the
// clock's, so that a stepped wall clock neither ends a call nor keeps it alive.
import { type Duration, formatDuration, milliseconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';

export type Patience = Readonly<{
  /** the longest silence */
  idle: Duration;
  /** the whole call */
  deadline: Duration;
}>;

export type Watch = Readonly<{ heard(): void; end(): void }>;

/** One for all calls: an error made anew, with its stack, costs more than the watch. */
const ended = new Error('the call has ended');

export function watch(clock: Clock, patience: Patience, givenUp: (says: string) => void): Watch {
  const over = new AbortController();
  const begun = clock.monotonic();
  let lastHeard = begun;
  const guard = async () => {
    for (;;) {
      const now = clock.monotonic();
      const left = begun + patience.deadline - now;
      const silenceLeft = lastHeard + patience.idle - now;
      if (left <= 0) return givenUp(`no complete answer within ${formatDuration(patience.deadline)}`);
      if (silenceLeft <= 0) return givenUp(`it has said nothing for ${formatDuration(patience.idle)}`);
      await clock.sleep(milliseconds(Math.ceil(Math.min(left, silenceLeft))), over.signal);
    }
  };
  // The guard's sleep rejects when the watch ends, and only then.
  guard().catch(() => undefined);
  return {
    heard: () => {
      lastHeard = clock.monotonic();
    },
    end: () => over.abort(ended),
  };
}
