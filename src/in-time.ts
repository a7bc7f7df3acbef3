// A disk that hangs (a share whose server is gone) keeps nobody waiting for what is known of the others.
import { type Duration, seconds } from './values/duration.ts';
import type { Clock } from './values/instant.ts';

export const patience: Duration = seconds(60);

/** @param late the answer where none came in time */
export async function inTime<Result>(
  { clock }: Readonly<{ clock: Clock }>,
  asked: Promise<Result>,
  late: Result,
): Promise<Result> {
  const over = new AbortController();
  const waited = clock.sleep(patience, over.signal).then(
    () => late,
    () => late,
  );
  try {
    return await Promise.race([asked, waited]);
  } finally {
    over.abort();
  }
}
