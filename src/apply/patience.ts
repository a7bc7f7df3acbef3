// A step is given up by lack of progress, never by its total time: a good backup of a large guest takes hours.
import { Fault } from '../fault.ts';
import { type Duration, formatDuration, milliseconds, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';

export interface Watched {
  readonly signal: AbortSignal;
  /** the step lives */
  alive(): void;
}

const grace = seconds(30);

/** The step was told to stop and did not. Only the end of the process can end it then. */
export class StuckStep extends Fault {
  constructor(where: string) {
    super('no-progress', {
      where,
      says: `it was told to stop and did not within ${formatDuration(grace)}`,
      remedy: 'see what it waits for (dmesg, ps): most often a disk or share that does not answer; then run it again',
    });
  }
}

export async function withPatience<Result>(
  clock: Clock,
  patience: Duration,
  outer: AbortSignal,
  where: string,
  work: (watched: Watched) => Promise<Result>,
): Promise<Result> {
  const giveUp = new AbortController();
  const over = new AbortController();
  const signal = AbortSignal.any([outer, giveUp.signal]);
  let last = clock.monotonic();
  const watch = async () => {
    for (;;) {
      const left = patience - (clock.monotonic() - last);
      if (left <= 0) break;
      await clock.sleep(milliseconds(left), over.signal);
    }
    giveUp.abort(
      new Fault('no-progress', {
        where,
        says: `nothing moved for ${formatDuration(patience)}`,
        remedy: 'look at the log of the run and at the machine or server it works on, then run it again',
      }),
    );
  };
  const stuck = async () => {
    await whenAborted(signal, over.signal);
    await clock.sleep(grace, over.signal);
    throw new StuckStep(where);
  };
  const quiet = (promise: Promise<void>) =>
    promise.catch((error) => (over.signal.aborted ? never() : Promise.reject(error)));
  const alive = () => {
    last = clock.monotonic();
  };
  try {
    return await Promise.race([work({ signal, alive }), quiet(watch()).then(never), quiet(stuck()).then(never)]);
  } finally {
    over.abort(isOver);
  }
}

// A new one each time: one for all would remember every step that ever waited on it.
const never = (): Promise<never> => new Promise(() => {});
// Without a reason of ours, each abort would make an exception with a stack of its own.
const isOver = new Error('the step has ended');

const whenAborted = (signal: AbortSignal, unless: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    unless.addEventListener('abort', () => reject(unless.reason), { once: true });
  });
