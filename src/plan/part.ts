// A part of a plan in the making: what one declared thing, or one server, brings to it.
import type { Note, Refusal } from '../model/plan.ts';
import type { Step, StepId } from '../model/step.ts';
import type { Ref } from '../values/ref.ts';

export type Part = Readonly<{
  steps: readonly Step[];
  /** what must be in place before a step, by its id */
  needs: readonly (readonly [StepId, readonly Ref[]])[];
  notes: readonly Note[];
  refusals: readonly Refusal[];
  unchanged: number;
}>;

export const noPart: Part = { steps: [], needs: [], notes: [], refusals: [], unchanged: 0 };
