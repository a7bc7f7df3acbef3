// Signs of life of a step whose work is one long command that shows none.
import type { StepContext } from '../../contracts/step-kind.ts';
import { seconds } from '../../values/duration.ts';

const beat = seconds(20);

/** What has a deadline of its own (a database, a copy of known size) may show that its step lives as long as that is not over. */
export async function alive<Result>(
  work: Promise<Result>,
  progress: Parameters<StepContext['progress']>[0],
  { progress: show, world }: StepContext,
): Promise<Result> {
  const over = new AbortController();
  const beating = (async () => {
    for (;;) {
      show(progress);
      await world.clock.sleep(beat, over.signal);
    }
  })().catch(() => {});
  try {
    return await work;
  } finally {
    over.abort();
    await beating;
  }
}
