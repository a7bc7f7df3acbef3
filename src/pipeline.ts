// estate -> desired -> observed -> plan -> apply -> journal. Everything Holdfast does goes this way; a run of a layer, a
// restore, a remedy only bring their plan from elsewhere. Read this first.

import type { Told } from './apply/engine-types.ts';
import type { Verdict } from './apply/outcome.ts';
import type { Consent } from './contracts/journal.ts';
import { desire } from './desired/desire.ts';
import { type Holdfast, supervised, type Task } from './holdfast.ts';
import { kinds } from './kinds.ts';
import type { Estate } from './model/estate.ts';
import { factsOf } from './model/facts.ts';
import type { Plan } from './model/plan.ts';
import { askInTurn } from './observed/ask-facts.ts';
import { observe } from './observed/observe.ts';
import { secretsNow } from './observed/secrets-now.ts';
import { decide } from './plan/decide.ts';
import { weigh } from './plan/weigh.ts';
import { pushAfter } from './push-metrics.ts';
import { escrowAndTransports, refuseToPruneAll, remembered } from './remembered.ts';
import { routeNotes } from './routes-in-plan.ts';
import { sampleAfter } from './space-samples.ts';

/** What would have to change for the servers to be as the estate says. Writes nothing anywhere. */
export async function planEstate(holdfast: Holdfast, estate: Estate, wish: { prune: boolean }): Promise<Plan> {
  await using world = holdfast.world(estate);
  const { resources, consequences } = kinds;
  const { owned, wrote } = remembered(holdfast, estate);
  const signal = holdfast.surroundings.stopped;
  const desired = desire(estate, resources);
  if (wish.prune) refuseToPruneAll(estate, resources, owned);
  const [observed, secrets] = await Promise.all([
    observe(world, { resources, desired, owned, servers: [...estate.pve, ...estate.pbs], signal }),
    secretsNow(world, desired, wrote),
  ]);
  const context = { ...escrowAndTransports(estate), notes: [], prune: wish.prune };
  const plan = decide({ estate: estate.name, desired, observed, resources, owned, secrets, ...context });
  const look = { estate, desired, observed, steps: plan.steps };
  const told = await askInTurn(
    world,
    consequences.flatMap((one) => one.asks(look)),
    (facts) => consequences.flatMap((one) => one.asksMore?.(look, facts) ?? []),
    signal,
  );
  const weighed = weigh(plan, look, consequences, factsOf(told), told);
  return { ...weighed, notes: [...weighed.notes, ...routeNotes(holdfast, world, estate)] };
}

/** Carries a plan out, step by step, under a supervisor, and writes it to the journal; of a job's run the figures are told. */
export async function carryOut(
  holdfast: Holdfast,
  estate: Estate,
  plan: Plan,
  consent: Consent,
  tell: (told: Told) => void,
  more: Partial<Pick<Task, 'run' | 'startedBy' | 'deadline' | 'budget'>> = {},
): Promise<Verdict & { run: string }> {
  const task = { plan, consent, startedBy: holdfast.startedBy, ...more };
  const verdict = await supervised(holdfast, estate, task, tell);
  if (plan.job.startsWith('run:')) {
    if (['done', 'degraded'].includes(verdict.outcome))
      await sampleAfter(holdfast, estate, plan.job.slice('run:'.length));
    await pushAfter(holdfast, estate, verdict.run, tell);
  }
  return verdict;
}
