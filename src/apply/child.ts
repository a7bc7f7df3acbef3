// A plan that a step brings while it runs is looked at before its first step, as the plan that a person saw was.
import type { Consent } from '../contracts/journal.ts';
import type { StepKind } from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import type { ChildPlan } from '../model/plan.ts';
import { childPath, type StepPath } from '../model/run.ts';
import { type Step, worse } from '../model/step.ts';
import { kindOfStep } from './settle.ts';

export type Guarded = Readonly<{
  steps: readonly Step[];
  /** steps that go beyond what was agreed to; the others go on */
  refused: readonly Readonly<{ path: StepPath; fault: Fault }>[];
}>;

export function guardChild(
  kinds: ReadonlyMap<string, StepKind>,
  child: ChildPlan,
  consent: Consent,
  parent: StepPath,
): Guarded {
  checkShape(child.steps, parent);
  for (const step of child.steps) kindOfStep(kinds, step);
  const steps: Step[] = [];
  const refused: { path: StepPath; fault: Fault }[] = [];
  for (const step of child.steps) {
    if (!worse(step.risk, consent.upTo) || consent.confirmed.includes(step.subject)) steps.push(step);
    else refused.push({ path: childPath(parent, step.id), fault: beyondConsent(step, consent) });
  }
  return { steps, refused };
}

const beyondConsent = (step: Step, consent: Consent): Fault =>
  new Fault('needs-consent', {
    where: step.subject,
    says: `it ${step.risk}, and the run was agreed to as far as "${consent.upTo}"`,
    remedy: `look at why (${step.because.join('; ')}), then run it again with --confirm ${step.subject}`,
  });

/** Names are unique, and whatever a step comes after is there and does not come after it. */
function checkShape(steps: readonly Step[], where: string): void {
  const seen = new Set<string>();
  const crooked = (says: string): Fault =>
    new Fault('plan-crooked', { where, says, remedy: 'this is a defect in Holdfast: please report it with the plan' });
  for (const step of steps) {
    if (seen.has(step.id)) throw crooked(`two steps are called ${step.id}`);
    seen.add(step.id);
  }
  for (const step of steps)
    for (const before of step.after)
      if (!seen.has(before)) throw crooked(`${step.id} comes after ${before}, which is not there`);
  const left = new Map(steps.map((step) => [step.id, step]));
  for (let size = left.size + 1; left.size < size; ) {
    size = left.size;
    for (const step of left.values()) if (step.after.every((before) => !left.has(before))) left.delete(step.id);
  }
  if (left.size > 0) throw crooked(`${[...left.keys()].join(', ')} wait for each other`);
}
