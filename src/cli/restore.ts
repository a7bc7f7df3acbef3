// `restore`: which points there are, the best first; then the plan; then, agreed to, done. Any abort leads back.
import { resolve } from 'node:path';
import type { World } from '../contracts/world.ts';
import { Fault } from '../fault.ts';
import { carryOut } from '../pipeline.ts';
import { planOfRestore, type RestoreOption, rankPoints } from '../plan/layer-plan.ts';
import { planAsText } from '../plan/plan-text.ts';
import { formatDuration } from '../values/duration.ts';
import { between, type Instant, parseInstant } from '../values/instant.ts';
import { bytes, formatSize } from '../values/size.ts';
import type { RestoreAnswer } from './answers.ts';
import { type Command, flag, type Invocation, optionText } from './command.ts';
import { agreed } from './consent.ts';
import { type LayerOfEstate, layersOfWorkload, planningIn } from './layers.ts';
import { misused, open, openToWrite } from './open.ts';
import { exitOf, telling } from './run-telling.ts';

type Way = LayerOfEstate & RestoreOption;

export const restore: Command<RestoreAnswer> = {
  name: 'restore',
  says: 'bring a workload back',
  run: async (invocation) => {
    const [workload] = invocation.arguments;
    if (workload === undefined) throw misused('restore', 'it needs the name of a workload');
    const to = optionText(invocation, 'to');
    if (to === '') throw misused('--to', 'it names no folder', 'write --to FOLDER, absent or empty');
    const onlyLooks = to === undefined || flag(invocation, 'dryRun');
    const { holdfast, estate } = await (onlyLooks ? open : openToWrite)(invocation);
    const lostAt = lostAtOf(invocation);
    const protecting = layersOfWorkload(estate, workload);
    await using world = holdfast.world(estate);
    const ways = await waysOf(protecting, world, lostAt);
    const way = chosen(invocation, workload, ways);
    const options = waysAsText(ways, way, invocation.surroundings.clock.now());
    if (to === undefined)
      return {
        exit: 'fine',
        value: ways.map(({ point, because, entry }) => ({ point, because, layer: entry.name })),
        text: `${options}Say where to: --to FOLDER (absent or empty). Nothing was done.\n`,
      };
    const target = resolve(invocation.surroundings.folder, to);
    const planning = planningIn(estate, invocation.surroundings.clock);
    const plan = planOfRestore(planning, way.layer, way.entry, { point: way.point, target });
    const text = `${options}\n${planAsText(plan, invocation.paint)}`;
    if (flag(invocation, 'dryRun') || plan.steps.length === 0)
      return { exit: plan.refusals.length > 0 ? 'failed' : 'fine', value: plan, text: `${text}Nothing was done.\n` };
    invocation.say(text);
    const confirmed = await agreed(invocation, holdfast, plan);
    const verdict = await carryOut(holdfast, estate, plan, { upTo: 'changes', confirmed }, telling(invocation, plan));
    return {
      exit: exitOf(verdict),
      value: { plan: plan.digest, point: way.point.manifest.id, target, ...verdict },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

/** Ranked over all layers of the workload: the best is the best of any of them. */
async function waysOf(
  protecting: readonly LayerOfEstate[],
  world: World,
  lostAt: Instant | undefined,
): Promise<readonly Way[]> {
  const found = await Promise.all(
    protecting.map(async (of) => (await of.layer.points(of.entry, world)).map((point) => [point, of] as const)),
  );
  const layerOf = new Map(found.flat());
  return rankPoints([...layerOf.keys()], lostAt).flatMap((option) => {
    const of = layerOf.get(option.point);
    return of === undefined ? [] : [{ ...of, ...option }];
  });
}

function lostAtOf(invocation: Invocation): Instant | undefined {
  const given = optionText(invocation, 'lostAt');
  const parsed = given === undefined ? undefined : parseInstant(given);
  if (given !== undefined && parsed === undefined)
    throw misused('--lost-at', `"${given}" is no time`, 'write it as 2026-11-21T03:00:00Z');
  return parsed;
}

function chosen(invocation: Invocation, workload: string, ways: readonly Way[]): Way {
  const wanted = optionText(invocation, 'point');
  const found =
    wanted === undefined ? ways.slice(0, 1) : ways.filter(({ point }) => point.manifest.id.startsWith(wanted));
  const [way] = found;
  if (way !== undefined && found.length === 1) return way;
  throw new Fault('point-unknown', {
    where: wanted ?? workload,
    says:
      found.length > 1
        ? `${found.length} points begin so`
        : wanted === undefined
          ? 'there is no restore point that fits'
          : 'there is no such restore point',
    remedy: `see \`holdfast points ${workload}\``,
  });
}

function waysAsText(ways: readonly Way[], way: Way, now: Instant): string {
  const lines = ways.slice(0, 5).map(({ point, because, entry }) => {
    const mark = point === way.point ? '>' : ' ';
    const { id, takenAt } = point.manifest;
    return `${mark} ${id}  ${takenAt}, ${formatDuration(between(takenAt, now))} old, ${formatSize(bytes(point.bytes))}, by ${entry.name}: ${because}`;
  });
  const more = ways.length > 5 ? [`  and ${ways.length - 5} older`] : [];
  return `Ways back, the best first:\n${[...lines, ...more].join('\n')}\n`;
}
