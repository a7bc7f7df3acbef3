// A run is one execution of one plan. Its journal is a list of entries that is only ever added to; everything known of the
// run (what is done, what is in doubt, what is still taken) is a fold over them.
import type { FaultRecord } from '../fault.ts';
import type { Digest, Json } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { Ref } from '../values/ref.ts';
import type { ChildPlan, Job } from './plan.ts';
import type { StepId } from './step.ts';

export type RunId = string;

/**
 * How a run ended. `partly`: something failed, something was done. `aborted`: its worker or supervisor died.
 * `interrupted`: an operator stopped it. `refused`: nothing was done, because the world was not as planned.
 */
export const outcomes = ['done', 'degraded', 'partly', 'failed', 'refused', 'interrupted', 'aborted'] as const;
export type Outcome = (typeof outcomes)[number];
export type RunState = 'running' | Outcome;

/** The path of a step through expansions: `open` or `open>copy`. Unique within its run. */
export type StepPath = string;
export const childPath = (parent: StepPath | undefined, step: StepId): StepPath =>
  parent === undefined ? step : `${parent}>${step}`;

/** Keyed digests of the secrets that went to a server, by parameter. */
export type Wrote = Readonly<Record<string, Digest>>;

/** What happened to a step, in the order in which it can happen. */
export type StepEvent =
  | { event: 'refused'; fault: FaultRecord }
  | { event: 'blocked'; by: StepPath }
  | { event: 'trying' }
  | { event: 'took'; what: string; name: string }
  | { event: 'expanded'; plan: ChildPlan }
  | { event: 'in doubt'; fault: FaultRecord }
  | { event: 'probed'; answer: ProbeAnswer; evidence: string }
  | { event: 'done'; result: Json; degraded: readonly string[]; owns?: Ref; disowns?: Ref; wrote?: Wrote }
  | { event: 'failed'; fault: FaultRecord }
  | { event: 'released' }
  | { event: 'not released'; fault: FaultRecord }
  | { event: 'undone' }
  | { event: 'not undone'; fault: FaultRecord };

export type ProbeAnswer = 'done' | 'not done' | 'cannot tell';

export type Entry = Readonly<{ sequence: number; run: RunId; path: StepPath; at: Instant }> & Readonly<StepEvent>;

export type Run = Readonly<{
  id: RunId;
  job: Job;
  /** what was typed or what started it: `holdfast apply`, `timer` */
  startedBy: string;
  plan: string;
  startedAt: Instant;
  state: RunState;
  endedAt: Instant | undefined;
  heartBeatAt: Instant;
  supervisor: number;
  /** one line: `4 of 5 steps done; pve-storage/... failed` */
  summary: string | undefined;
}>;

/** A step as its entries leave it. */
export type StepFate = 'not reached' | 'refused' | 'blocked' | 'trying' | 'in doubt' | 'done' | 'failed';
export type StepRecord = Readonly<{
  path: StepPath;
  fate: StepFate;
  took: readonly Readonly<{ what: string; name: string }>[];
  /** whether `release` is still owed: it was tried, and was not given back since */
  owed: boolean;
  undone: boolean;
  /** it was to be led back, and could not be */
  notUndone: boolean;
  fault: FaultRecord | undefined;
  result: Json;
  degraded: readonly string[];
  child: ChildPlan | undefined;
  beganAt: Instant | undefined;
  endedAt: Instant | undefined;
}>;

const untouched = (path: StepPath): StepRecord => ({
  path,
  fate: 'not reached',
  took: [],
  owed: false,
  undone: false,
  notUndone: false,
  fault: undefined,
  result: null,
  degraded: [],
  child: undefined,
  beganAt: undefined,
  endedAt: undefined,
});

/** One step's record after one more entry. */
function follow(record: StepRecord, entry: Entry): StepRecord {
  switch (entry.event) {
    case 'trying':
      return { ...record, fate: 'trying', owed: true, beganAt: entry.at };
    case 'took':
      return { ...record, took: [...record.took, { what: entry.what, name: entry.name }] };
    case 'expanded':
      return { ...record, child: entry.plan };
    case 'in doubt':
      return { ...record, fate: 'in doubt', fault: entry.fault };
    case 'probed':
      return entry.answer === 'cannot tell' ? { ...record, fate: 'in doubt' } : record;
    case 'done':
      return { ...record, fate: 'done', result: entry.result, degraded: entry.degraded, endedAt: entry.at };
    case 'failed':
      return { ...record, fate: 'failed', fault: entry.fault, endedAt: entry.at };
    case 'refused':
      return { ...record, fate: 'refused', fault: entry.fault, endedAt: entry.at };
    case 'blocked':
      return { ...record, fate: 'blocked', endedAt: entry.at };
    case 'released':
      return { ...record, owed: false };
    case 'undone':
      return { ...record, undone: true, notUndone: false };
    case 'not released':
      return { ...record, fault: entry.fault };
    case 'not undone':
      return { ...record, fault: entry.fault, notUndone: true };
  }
}

export function foldEntries(entries: Iterable<Entry>): ReadonlyMap<StepPath, StepRecord> {
  const records = new Map<StepPath, StepRecord>();
  for (const entry of entries) records.set(entry.path, follow(records.get(entry.path) ?? untouched(entry.path), entry));
  return records;
}

/** Of a run that has ended: what it still has, or left half-way, since what it worked on could not be reached then. */
export const leftovers = (entries: Iterable<Entry>): readonly StepRecord[] =>
  [...foldEntries(entries).values()].filter(
    ({ beganAt, owed, notUndone, fate, undone }) =>
      beganAt !== undefined && (owed || notUndone || (fate === 'in doubt' && !undone)),
  );
