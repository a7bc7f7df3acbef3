// Who must agree to a plan before it is carried out (DESIGN 4). A person covers with one yes whatever can be taken back; what
// destroys is agreed to object by object, by name. Without a person only what the guard lets pass does.
import type { Plan } from '../model/plan.ts';
import { type ChangeClass, classOf, type Step } from '../model/step.ts';
import { partsOf } from '../values/ref.ts';
import { shellWord } from '../values/shell.ts';
import { count } from '../values/text.ts';
import type { Guard } from './guard.ts';

export type Agreement = Readonly<{
  /** a person started this; not so where a daemon, a timer or git did */
  attended: boolean;
  /** the person agreed to the plan as a whole */
  yes: boolean;
  /** names of objects whose destruction the person agreed to */
  confirmed: readonly string[];
}>;

/** Something that is still to be agreed to. `confirm` is the name that has to be given, where one has. */
export type Need = Readonly<{ class: ChangeClass; says: string; confirm?: string }>;
export type ConsentNeeded = Readonly<{ allowed: true }> | Readonly<{ allowed: false; needs: readonly Need[] }>;

export function consentNeeded(
  plan: Pick<Plan, 'steps'>,
  guard: Pick<Guard, 'unattended'>,
  given: Agreement,
): ConsentNeeded {
  const needs = given.attended
    ? attendedNeeds(plan.steps, given)
    : plan.steps.flatMap((step) => unattendedNeed(step, guard));
  return needs.length === 0 ? { allowed: true } : { allowed: false, needs };
}

function unattendedNeed(step: Step, { unattended }: Pick<Guard, 'unattended'>): readonly Need[] {
  const worst = classOf(step);
  if (unattended.some((allowed) => allowed === worst)) return [];
  return [
    { class: worst, says: `${step.title}: ${because(step, worst)}, so a person must agree; apply this plan by hand` },
  ];
}

function attendedNeeds(steps: readonly Step[], { yes, confirmed }: Agreement): readonly Need[] {
  const destroying = steps.filter((step) => classOf(step) === 'destroys');
  const names = new Map(destroying.map((step) => [step.subject, nameToConfirm(step, destroying)]));
  const unconfirmed = destroying.filter(
    ({ subject }) => !confirmed.includes(subject) && !confirmed.includes(names.get(subject) ?? subject),
  );
  return [
    ...(yes || steps.length === 0 ? [] : [wholePlan(steps)]),
    ...unconfirmed.map((step): Need => {
      const confirm = names.get(step.subject) ?? step.subject;
      return {
        class: 'destroys',
        says: `${step.title}: ${because(step, 'destroys')}; it needs --confirm ${shellWord(confirm)}`,
        confirm,
      };
    }),
  ];
}

function wholePlan(steps: readonly Step[]): Need {
  const classes = steps.map(classOf);
  const worst =
    (['destroys', 'reaches', 'weakens', 'neutral'] as const).find((each) => classes.includes(each)) ?? 'strengthens';
  return { class: worst, says: `${count(steps.length, 'step')} to agree to; look at the plan, then say --yes` };
}

/** The object's name alone where that names one object of the plan, else with the server it is on. */
function nameToConfirm(step: Step, destroying: readonly Step[]): string {
  const name = partsOf(step.subject).at(-1) ?? step.subject;
  const alike = destroying.filter(({ subject }) => subject !== step.subject && partsOf(subject).at(-1) === name);
  return alike.length === 0 ? name : step.subject;
}

function because(step: Step, worst: ChangeClass): string {
  const change = step.changes.find((each) => each.class === worst);
  if (change === undefined) return worst === 'neutral' ? 'it is neutral' : `it ${worst}`;
  return `${change.field} ${change.because ?? worst}`;
}
