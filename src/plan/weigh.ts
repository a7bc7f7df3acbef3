// plan + facts -> plan: what each step means, which may not be carried out, and what else an operator should know. Pure.
import type { Consequence, Judged, Look } from '../contracts/consequence.ts';
import { type Ask, type Facts, isMomentary, lastingIn, type Told } from '../model/facts.ts';
import { makePlan, type Plan } from '../model/plan.ts';
import { type Change, type Step, type StepId, worse } from '../model/step.ts';
import { digestOf } from '../values/canonical.ts';

export function weigh(
  plan: Plan,
  look: Look,
  consequences: readonly Consequence[],
  facts: Facts,
  told: readonly Told[],
): Plan {
  const { judged, refuses } = judgedWhole(plan, look, consequences, facts);
  const meant = Map.groupBy(
    judged.flatMap((one) => one.means ?? []),
    ({ step }) => step,
  );
  const without = withoutRefused(plan.steps, new Set(refuses.map(({ step }) => step)));
  const lasting = told.filter(({ ask }) => !isMomentary(ask));
  const { format: _, digest: __, ...parts } = plan;
  return makePlan({
    ...parts,
    // What it was judged by belongs to the plan's identity, as the collections do; when it was asked does not.
    observed:
      lasting.length === 0
        ? plan.observed
        : digestOf([plan.observed, lasting.map(({ ask, known }) => [ask, answerIn(ask, known)])]),
    steps: without.steps.map((step) => withMeaning(step, meant.get(step.id) ?? [])),
    notes: [...plan.notes, ...judged.flatMap((one) => one.notes ?? [])],
    refusals: [
      ...plan.refusals,
      ...refuses.map(({ step: _step, ...refusal }) => refusal),
      ...without.blocked,
      ...judged.flatMap((one) => one.refusals ?? []),
    ],
  });
}

type Refuses = NonNullable<Judged['refuses']>;

/** What is refused covers nothing and replaces nothing: whoever judges the rest judges it without that. */
function judgedWhole(
  { steps }: Plan,
  look: Look,
  consequences: readonly Consequence[],
  facts: Facts,
): { judged: readonly Judged[]; refuses: Refuses } {
  const refuses: Refuses[number][] = [];
  const refused = new Set<StepId>();
  for (let at = look; ; at = { ...look, steps: withoutRefused(steps, refused).steps }) {
    const judged = consequences.map((consequence) => consequence.judge(at, facts));
    const more = judged.flatMap((one) => one.refuses ?? []).filter(({ step }) => !refused.has(step));
    if (more.length === 0) return { judged, refuses };
    refuses.push(...more);
    for (const { step } of more) refused.add(step);
  }
}

const answerIn = (ask: Ask, known: Told['known']): unknown =>
  'fault' in known ? { fault: known.fault.code } : lastingIn(ask, known.answer);

function withMeaning(step: Step, meant: readonly NonNullable<Judged['means']>[number][]): Step {
  if (meant.length === 0) return step;
  const risk = meant.reduce(
    (worst, one) => (one.risk !== undefined && worse(one.risk, worst) ? one.risk : worst),
    step.risk,
  );
  const classed = meant.flatMap((one): readonly Change[] =>
    one.class === undefined ? [] : [{ field: 'means', class: one.class, to: one.says }],
  );
  const means = [...(step.means ?? []), ...meant.map(({ says }) => says)];
  return { ...step, risk, means, ...(classed.length === 0 ? {} : { changes: [...step.changes, ...classed] }) };
}

/** What comes after something that is not done is not done either. */
function withoutRefused(
  steps: readonly Step[],
  refused: ReadonlySet<StepId>,
): { steps: readonly Step[]; blocked: Plan['refusals'] } {
  const gone = new Set(refused);
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    for (const step of steps) if (step.after.some((id) => gone.has(id))) gone.add(step.id);
  }
  const blocked = steps
    .filter(({ id }) => gone.has(id) && !refused.has(id))
    .map(({ subject, after }) => ({
      subject,
      code: 'comes-after-refused',
      says: `it comes after ${after.filter((id) => gone.has(id)).join(', ')}, which cannot be done`,
      remedy: 'put that right first',
    }));
  return { steps: steps.filter(({ id }) => !gone.has(id)), blocked };
}
