// `canaries plant|status|remove LAYER`: files that nobody needs, among those that a layer copies; each run looks at them.
import type { World } from '../contracts/world.ts';
import { Fault } from '../fault.ts';
import { plantedOf, type Watching, work } from '../layers/common/judgement/canaries/canaries.ts';
import { type CanaryPlace, planPlanting, planRemoving } from '../layers/common/judgement/canaries/plan.ts';
import type { Estate } from '../model/estate.ts';
import { carryOut } from '../pipeline.ts';
import { planOfCanaries } from '../plan/layer-plan.ts';
import { planAsText } from '../plan/plan-text.ts';
import { count, shown } from '../values/text.ts';
import type { CanariesAnswer, CanariesStatus } from './answers.ts';
import { type Answer, type Command, flag, type Invocation } from './command.ts';
import { agreed } from './consent.ts';
import { type LayerOfEstate, layersOf, planningIn } from './layers.ts';
import { misused, open, openToWrite } from './open.ts';
import { exitOf, telling } from './run-telling.ts';

const actions = ['plant', 'status', 'remove'] as const;

export const canaries: Command<CanariesAnswer> = {
  name: 'canaries',
  says: 'files that tell when somebody changes what a layer copies',
  run: async (invocation) => {
    const action = actions.find((one) => one === invocation.arguments[0]);
    if (action === undefined) throw misused('canaries', 'it needs what to do', `write one of ${actions.join(', ')}`);
    const looks = action === 'status' || flag(invocation, 'dryRun');
    const opened = await (looks ? open : openToWrite)(invocation);
    const { holdfast, estate } = opened;
    const of = layerNamed(estate, invocation.arguments[1] ?? '');
    const place = placeOf(of);
    await using world = holdfast.world(estate);
    if (action === 'status') return await statusOf(place, world, invocation);
    const planned = (action === 'plant' ? planPlanting : planRemoving)(place, plantedOf(world, place.layer));
    const plan = planOfCanaries(planningIn(estate, invocation.surroundings.clock), of.entry, planned);
    const text = planAsText(plan, invocation.paint);
    if (flag(invocation, 'dryRun') || plan.steps.length === 0)
      return { exit: plan.refusals.length > 0 ? 'failed' : 'fine', value: plan, text: `${text}Nothing was done.\n` };
    invocation.say(text);
    const confirmed = await agreed(invocation, holdfast, plan);
    const verdict = await carryOut(holdfast, estate, plan, { upTo: 'changes', confirmed }, telling(invocation, plan));
    return {
      exit: exitOf(verdict),
      value: { plan: plan.digest, ...verdict },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

function layerNamed(estate: Estate, name: string): LayerOfEstate {
  const all = layersOf(estate);
  const found = all.find(({ entry }) => entry.name === name);
  if (found !== undefined) return found;
  const able = all.filter(({ layer, entry }) => layer.canaries?.(entry) !== undefined).map(({ entry }) => entry.name);
  throw new Fault('job-unknown', {
    where: name,
    says: 'there is no layer of that name',
    remedy:
      able.length === 0 ? 'no layer of this estate copies a folder' : `layers that copy a folder: ${able.join(', ')}`,
    exit: 'misused',
  });
}

function placeOf({ layer, entry }: LayerOfEstate): CanaryPlace {
  const place = layer.canaries?.(entry);
  if (place !== undefined) return { ...place, layer: entry.name };
  throw new Fault('canaries-mean-nothing', {
    where: entry.name,
    says: `a layer of the kind ${entry.kind}, as it is declared, copies no folder in which documents could lie`,
    remedy: 'plant them for a layer that copies files of a folder',
    exit: 'misused',
  });
}

const words = { same: 'as it was planted', none: 'gone', other: 'has another content' } as const;

async function statusOf(
  place: CanaryPlace,
  world: World,
  { surroundings }: Invocation,
): Promise<Answer<CanariesStatus>> {
  const planted = plantedOf(world, place.layer);
  if (planted === undefined)
    return {
      exit: 'fine',
      value: { layer: place.layer, folder: null, canaries: [] },
      text: 'No canaries are planted.\n',
    };
  const watching: Watching = {
    machine: world.machine(place.machine),
    tree: planted.folder,
    signal: surroundings.stopped,
  };
  const found = [...(await work('read', watching, planted))].map(([path, state]) => ({ path, state }));
  const troubled = found.filter(({ state }) => state !== 'same').length;
  const lines = found.map(({ path, state }) => `${shown(`${planted.folder}/${path}`)}: ${words[state]}\n`);
  return {
    exit: troubled > 0 ? 'failed' : 'fine',
    value: { layer: place.layer, folder: planted.folder, canaries: found },
    text: `${lines.join('')}${count(found.length, 'canary', 'canaries')}, ${troubled} not as planted\n`,
  };
}
