// What the engine is handed, and what it gives back.
import type { Consent, Journal } from '../contracts/journal.ts';
import type { Progress, StepKind } from '../contracts/step-kind.ts';
import type { World } from '../contracts/world.ts';
import type { AfterFailure } from '../model/plan.ts';
import type { Entry, RunId, StepFate, StepPath } from '../model/run.ts';
import type { Step } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';
import type { Lanes } from './lanes.ts';

/** What a run shows while it goes on. */
export type Told =
  | Readonly<{ tell: 'entry'; entry: Entry }>
  | Readonly<{ tell: 'progress'; path: StepPath; progress: Progress }>
  | Readonly<{ tell: 'waiting'; path: StepPath; says: string }>
  | Readonly<{ tell: 'log'; path: StepPath; line: string }>;

export type Engine = Readonly<{
  run: RunId;
  kinds: ReadonlyMap<string, StepKind>;
  world: World;
  journal: Pick<Journal, 'append'>;
  consent: Consent;
  /** holds what steps take; it carries the run's id in its name */
  folder: string;
  lanes: Lanes;
  signal: AbortSignal;
  tell(told: Told): void;
}>;

export type CarriedOut = Readonly<{
  fates: ReadonlyMap<StepPath, StepFate>;
  /** parts that are missing or weaker than promised, and what could not be given back or undone */
  degraded: readonly string[];
  /** steps of plans whose items fail alone: that one of them was not done makes the run degraded, and no worse */
  items: ReadonlySet<StepPath>;
}>;

export type Ended = Readonly<{ fate: StepFate; result: Json; inner: CarriedOut }>;

/** Carries out a plan; a step that brings a child plan is handed this to have it carried out. */
export type CarryOut = (
  engine: Engine,
  plan: Readonly<{ steps: readonly Step[]; afterFailure: AfterFailure }>,
  parent?: StepPath,
) => Promise<CarriedOut>;
