// The one memory: what runs did, in the order in which they did it. Whatever it has accepted survives a kill and a power cut.
import type { Budget, Connections } from '../model/estate.ts';
import type { Job, Plan } from '../model/plan.ts';
import type { Entry, Outcome, Run, RunId, StepEvent, StepPath, Wrote } from '../model/run.ts';
import type { Risk } from '../model/step.ts';
import type { Instant } from '../values/instant.ts';
import type { Ref } from '../values/ref.ts';

/** What the person or the schedule that started a run has agreed to, for plans that a step brings while it runs. */
export type Consent = Readonly<{ upTo: Risk; confirmed: readonly string[] }>;

export type NewRun = Readonly<{
  id: RunId;
  job: Job;
  startedBy: string;
  startedAt: Instant;
  supervisor: number;
  plan: Plan;
  connections: Connections;
  consent: Consent;
  /** how hard it may work the machines it is on */
  budget?: Budget | undefined;
}>;

/** What a worker, or a recovery, needs to know of a run. */
export type Charge = Pick<NewRun, 'plan' | 'connections' | 'consent' | 'budget'>;

export interface ReadJournal {
  runs(limit: number): readonly Run[];
  run(id: RunId): Run | undefined;
  /** of each job the newest run in each state it ever was in, newest first: however long ago its last success was */
  latestRuns(): readonly Run[];
  charge(id: RunId): Charge | undefined;
  /** runs without an end, oldest first: they are running, or a recovery is due */
  unfinished(): readonly Run[];
  entries(id: RunId): readonly Entry[];
  /** what Holdfast made or took over, and therefore may remove */
  owned(): ReadonlySet<Ref>;
  /** by which digests the secrets can be known again that were last written to servers that never show them */
  wrote(): ReadonlyMap<Ref, Wrote>;
  close(): void;
}

export interface Journal extends ReadJournal {
  begin(run: NewRun): void;
  /** durable when it returns; what the event owns or disowns becomes so in the same commit */
  append(run: RunId, path: StepPath, event: StepEvent): Entry;
  heartBeat(run: RunId): void;
  /** what `import` took over is Holdfast's from then on */
  adopt(subjects: readonly Ref[], by: string): void;
  requestCancel(run: RunId): void;
  cancelRequested(run: RunId): boolean;
  finish(run: RunId, outcome: Outcome, summary: string): void;
  /** of a run that has ended: what became of what it left */
  amend(run: RunId, outcome: Outcome, summary: string): void;
}
