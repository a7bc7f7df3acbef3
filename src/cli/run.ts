// `run`: one layer, now. What its retention then removes was agreed to by declaring it; anything beyond needs --confirm.
import { Fault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import { carryOut } from '../pipeline.ts';
import { planOfRun } from '../plan/layer-plan.ts';
import { planAsText } from '../plan/plan-text.ts';
import { type Command, flag, optionList } from './command.ts';
import { type LayerOfEstate, layersOf, planningIn, standingConsent } from './layers.ts';
import { misused, open } from './open.ts';
import { exitOf, telling } from './run-telling.ts';

export const run: Command = {
  name: 'run',
  says: 'run a layer now',
  run: async (invocation) => {
    const [wanted] = invocation.arguments;
    if (wanted === undefined) throw misused('run', 'it needs the name of a layer');
    const { holdfast, estate } = await open(invocation);
    const { layer, entry } = theLayer(estate, wanted);
    const plan = planOfRun(planningIn(estate, invocation.surroundings.clock), layer, entry);
    const text = planAsText(plan, invocation.paint);
    if (flag(invocation, 'dryRun') || plan.steps.length === 0)
      return { exit: plan.refusals.length > 0 ? 'failed' : 'fine', value: plan, text: `${text}Nothing was done.\n` };
    invocation.say(text);
    const consent = { upTo: standingConsent(entry), confirmed: optionList(invocation, 'confirm') };
    const verdict = await carryOut(holdfast, estate, plan, consent, telling(invocation, plan));
    return {
      exit: exitOf(verdict),
      value: { plan: plan.digest, ...verdict },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

function theLayer(estate: Estate, wanted: string): LayerOfEstate {
  const found = layersOf(estate).find(({ entry }) => entry.name === wanted);
  if (found !== undefined) return found;
  const known = estate.layers.map(({ name }) => name);
  throw new Fault('job-unknown', {
    where: wanted,
    says: 'the estate has no layer of that name',
    remedy: known.length === 0 ? 'declare it under `layers`' : `the layers are: ${known.join(', ')}`,
    exit: 'misused',
  });
}
