// Work that must be done in time: whoever holds a secret is asked once, and not waited for long.
import { seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';

export const patience = seconds(10);

/** What the work gives, or `late`; the signal tells the work to stop then. */
export async function within<Result>(
  clock: Clock,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | 'late'> {
  const over = new AbortController();
  const done = new AbortController();
  const late = clock.sleep(patience, done.signal).then(
    () => 'late' as const,
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work(over.signal), late]);
  } finally {
    done.abort();
    over.abort();
  }
}
