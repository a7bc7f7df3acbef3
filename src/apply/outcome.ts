// How a run ended, from how its steps ended; pure. 76 of 77 is not failed and not fine.
import { type Entry, foldEntries, type Outcome, type StepFate } from '../model/run.ts';
import { count } from '../values/text.ts';
import type { CarriedOut } from './engine-types.ts';

export type Verdict = Readonly<{ outcome: Outcome; summary: string }>;

const order: readonly StepFate[] = ['failed', 'in doubt', 'refused', 'blocked', 'trying', 'not reached'];

type Ended = Readonly<{
  interrupted: boolean;
  /** what was done was led back again, so that nothing of it is left */
  undone: boolean;
}>;

export function verdictOf({ fates, degraded, items }: CarriedOut, ended: Ended): Verdict {
  const all = [...fates.values()];
  const done = all.filter((fate) => fate === 'done').length;
  const bad = order.flatMap((fate) =>
    [...fates].filter(([, found]) => found === fate).map(([path]) => `${path} ${fate}`),
  );
  const summary = [
    `${done} of ${count(all.length, 'step')} done`,
    ...(ended.undone ? ['all of it led back'] : []),
    ...bad.slice(0, 3),
    ...(bad.length > 3 ? [`and ${bad.length - 3} more`] : []),
    ...degraded.slice(0, 3),
  ].join('; ');
  const short = [...fates].filter(([path, fate]) => fate !== 'done' && items.has(path)).length;
  return { outcome: outcomeOf(all, { done, short, degraded: degraded.length > 0 }, ended), summary };
}

/** Whether nothing is left of what the run did, as far as its journal knows. */
export function isLedBack(entries: readonly Entry[]): boolean {
  const records = [...foldEntries(entries).values()];
  return (
    entries.every(({ event }) => event !== 'not undone') &&
    records.every(({ fate, undone }) => fate !== 'in doubt' && (fate !== 'done' || undone))
  );
}

/** `short`: items that failed alone. */
type Tally = Readonly<{ done: number; short: number; degraded: boolean }>;

function outcomeOf(all: readonly StepFate[], { done, short, degraded }: Tally, ended: Ended): Outcome {
  if (ended.interrupted) return 'interrupted';
  if (done + short === all.length) return degraded || short > 0 ? 'degraded' : 'done';
  if (done > 0 && !ended.undone) return 'partly';
  return all.every((fate) => fate === 'refused' || fate === 'blocked') ? 'refused' : 'failed';
}
