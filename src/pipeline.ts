// estate -> desired -> observed -> plan -> apply -> journal. Everything Holdfast does goes this way; a run of a layer, a
// restore, a remedy only bring their plan from elsewhere. Read this first.

import type { Told } from './apply/engine-types.ts';
import type { Verdict } from './apply/outcome.ts';
import type { Consent } from './contracts/journal.ts';
import { desire } from './desired/desire.ts';
import { notConfigured } from './desired/not-configured.ts';
import { type Holdfast, supervised } from './holdfast.ts';
import { kinds } from './kinds.ts';
import type { Estate } from './model/estate.ts';
import type { Plan } from './model/plan.ts';
import { observe } from './observed/observe.ts';
import { decide } from './plan/decide.ts';

/** What would have to change for the servers to be as the estate says. Writes nothing anywhere. */
export async function planEstate(holdfast: Holdfast, estate: Estate, wish: { prune: boolean }): Promise<Plan> {
  await using world = holdfast.world(estate);
  const desired = desire(estate, kinds.resources);
  const observed = await observe(world, estate, kinds.resources, desired, holdfast.surroundings.stopped);
  const owned = holdfast.look(estate.name, (journal) => journal.owned()) ?? new Set();
  const byCommand = new Set(estate.pve.filter(({ through }) => through === 'pvesh').map(({ name }) => name));
  const { resources } = kinds;
  const notes = notConfigured(estate);
  return decide({ estate: estate.name, desired, observed, resources, owned, byCommand, notes, prune: wish.prune });
}

/** Carries a plan out, step by step, under a supervisor, and writes it to the journal. */
export async function carryOut(
  holdfast: Holdfast,
  estate: Estate,
  plan: Plan,
  consent: Consent,
  tell: (told: Told) => void,
): Promise<Verdict & { run: string }> {
  return supervised(holdfast, estate, { plan, consent, startedBy: holdfast.startedBy }, tell);
}
