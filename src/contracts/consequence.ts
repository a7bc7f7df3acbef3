// What a plan means beyond its own fields: backups that become prunable, a guest that no job covers any more, a disk that would
// overflow. A consequence says what it must know for the plan at hand, and judges it when that is known. Pure.
import type { Estate } from '../model/estate.ts';
import type { Ask, Facts } from '../model/facts.ts';
import type { Observed } from '../model/observed.ts';
import type { Note, Refusal } from '../model/plan.ts';
import type { ChangeClass, Risk, Step, StepId } from '../model/step.ts';
import type { Desired } from './resource.ts';

export type Look = Readonly<{
  estate: Estate;
  desired: Desired;
  observed: Observed;
  /** of the plan as it was decided */
  steps: readonly Step[];
}>;

export type Judged = Readonly<{
  notes?: readonly Note[];
  /** steps that mean more than their fields say; `says` is shown with the step */
  means?: readonly Readonly<{ step: StepId; says: string; risk?: Risk; class?: ChangeClass }>[];
  /** steps that may not be carried out; they are taken out of the plan, with what comes after them */
  refuses?: readonly (Readonly<{ step: StepId }> & Refusal)[];
  /** what is wrong though no step is in the way: the plan is refused in that part */
  refusals?: readonly Refusal[];
}>;

export type Consequence = Readonly<{
  name: string;
  /** what has to be asked beyond the collections; nothing where the plan does not touch its matter */
  asks(look: Look): readonly Ask[];
  /** what has to be asked once that, or a part of it, is known; called again until there is nothing new */
  asksMore?(look: Look, facts: Facts): readonly Ask[];
  judge(look: Look, facts: Facts): Judged;
}>;
