// The kind of a step: how it is done, and everything that makes it safe to be killed while it is. The engine calls, in
// this order: `observe` for each expectation, then `do`; after a lost answer or a crash `probe`; after a failure `undo`;
// and always, at the very end (after a child plan too), `release`. `probe`, `undo` and `release` may be called by another
// process than the one that called `do`, with nothing but the step and the run's id, and must bear being called twice.
import { Fault } from '../fault.ts';
import type { ChildPlan } from '../model/plan.ts';
import type { ProbeAnswer, RunId, StepPath } from '../model/run.ts';
import type { Step } from '../model/step.ts';
import type { Digest, Json } from '../values/canonical.ts';
import type { Ref } from '../values/ref.ts';
import type { World } from './world.ts';

export type Progress = Readonly<{
  done: number;
  /** absent where nobody can know it beforehand */
  total?: number;
  unit: 'bytes' | 'items';
  what: string;
}>;

export interface StepContext {
  readonly run: RunId;
  readonly path: StepPath;
  readonly step: Step;
  readonly world: World;
  readonly signal: AbortSignal;
  /** a folder that carries the run's id in its name, for what the step takes; it need not exist yet */
  readonly folder: string;
  /** where secrets and other things of the kind may not be printed: one line for the log of the run */
  log(line: string): void;
  /** shows that the step lives, and how far it is; a step that never calls it is given up after its patience */
  progress(progress: Progress): void;
  /** says, durably and before it is taken, that something will be taken which `release` must give back */
  take(what: string, name: string): void;
  /** results of the steps this one comes after, by step id */
  readonly results: ReadonlyMap<string, Json>;
}

export type Done = Readonly<{
  /** what later steps and readers need to know; never a secret */
  result: Json;
  expands?: ChildPlan;
  /** secrets that were sent to a server which never gives them back, by parameter: keyed digests, no secrets */
  wrote?: Readonly<Record<string, Digest>>;
  /** parts that are missing or weaker than promised; the run is then `degraded`, not fine */
  degraded?: readonly string[];
}>;

export type Probed = Readonly<{
  answer: ProbeAnswer;
  evidence: string;
  result?: Json;
  /** of `done`: the secrets that went with it, as they are declared now; else they would never be known again */
  wrote?: Readonly<Record<string, Digest>>;
}>;

export type UndoFate = 'done' | 'not done' | 'in doubt';

export type StepKind = Readonly<{
  name: string;
  /** the digest the expectation's subject has now; `absent` where it does not exist */
  observe(context: StepContext, subject: Ref): Promise<Digest>;
  /** may throw `changedSincePlanned`, as long as it has touched nothing: the step is then refused, not failed */
  do(context: StepContext): Promise<Done>;
  probe(context: StepContext): Promise<Probed>;
  release?(context: StepContext): Promise<void>;
  /** leads back to how it was before `do`; touches only what this run made. `fate` tells whether `do` is known to be done */
  undo?(context: StepContext, fate: UndoFate): Promise<void>;
}>;

/** The world is no longer as the plan saw it, and nothing was done. `says` what was expected and what is there. */
export const changedSincePlanned = (where: string, says: string): Fault =>
  new Fault('changed-since-planned', {
    where,
    says,
    remedy: 'make a new plan and look at it: nothing was done here',
  });
