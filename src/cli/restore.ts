// `restore`: which points there are, the best first; then the plan; then, agreed to, done. Any abort leads back.
import type { World } from '../contracts/world.ts';
import { Fault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import type { Plan } from '../model/plan.ts';
import { type Risk, worse } from '../model/step.ts';
import { carryOut } from '../pipeline.ts';
import { planOfRestore, rankPoints } from '../plan/layer-plan.ts';
import { planAsText } from '../plan/plan-text.ts';
import { formatDuration } from '../values/duration.ts';
import { between, type Instant, parseInstant } from '../values/instant.ts';
import { shellWord } from '../values/shell.ts';
import { bytes, formatSize } from '../values/size.ts';
import { cut } from '../values/text.ts';
import type { RestoreAnswer } from './answers.ts';
import { type Command, flag, type Invocation, optionText } from './command.ts';
import { agreed } from './consent.ts';
import { planningIn, pointsOf } from './layers.ts';
import { misused, open, openToWrite } from './open.ts';
import { holding, leadingTo, othersAsText, targetFor, type Way } from './restore-target.ts';
import { exitOf, telling } from './run-telling.ts';

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
    await using world = holdfast.world(estate);
    const all = await waysOf(invocation, estate, workload, world, lostAt);
    const only = optionText(invocation, 'only');
    const ways = leadingTo(to, holding(workload, only, byLayer(invocation, workload, all)));
    const way = chosen(invocation, workload, ways);
    const others = all.filter((one) => !ways.includes(one));
    const options = `${waysAsText(ways, way, invocation.surroundings.clock.now())}${othersAsText(others)}`;
    if (to === undefined)
      return {
        exit: 'fine',
        value: ways.map(({ point, because, entry }) => ({ point, because, layer: entry.name })),
        text: `${options}${targetsAsText(workload, only, way)}Nothing was done.\n`,
      };
    const target = targetFor(way, to, invocation.surroundings.folder);
    const plan = await planned(invocation, estate, way, target, world);
    const text = `${options}\n${planAsText(plan, invocation.paint)}`;
    if (flag(invocation, 'dryRun') || plan.steps.length === 0)
      return { exit: plan.refusals.length > 0 ? 'failed' : 'fine', value: plan, text: `${text}Nothing was done.\n` };
    invocation.say(text);
    const confirmed = await agreed(invocation, holdfast, plan);
    const verdict = await carryOut(
      holdfast,
      estate,
      plan,
      { upTo: worstOf(plan), confirmed },
      telling(invocation, plan),
    );
    return {
      exit: exitOf(verdict),
      value: {
        plan: plan.digest,
        point: way.point.manifest.id,
        target,
        ...(only === undefined ? {} : { only }),
        ...verdict,
      },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

async function planned(invocation: Invocation, estate: Estate, way: Way, target: string, world: World): Promise<Plan> {
  const { layer, entry, point } = way;
  const wish = { point, target, keepOld: flag(invocation, 'keepOld'), only: optionText(invocation, 'only') };
  const scouted = await layer.scout?.(entry, wish, world, invocation.surroundings.stopped);
  return planOfRestore(planningIn(estate, invocation.surroundings.clock), layer, entry, wish, scouted);
}

/** What was looked at is what was agreed to, and no more; a plan of copies may bring one that changes what it made. */
const worstOf = ({ steps }: Plan): Risk =>
  steps.reduce<Risk>((worst, { risk }) => (worse(risk, worst) ? risk : worst), 'changes');

/** Ranked over all layers of the workload: the best is the best of any of them. */
async function waysOf(
  invocation: Invocation,
  estate: Estate,
  workload: string,
  world: World,
  lostAt: Instant | undefined,
): Promise<readonly Way[]> {
  const { points, silent } = await pointsOf(estate, workload, world);
  for (const { entry, fault } of silent)
    invocation.say(`${entry.name} could not be asked: ${fault.where}: ${fault.says}`);
  const ofOthers = [...new Set(points.map(({ point }) => point.manifest.workload))].sort();
  if (ofOthers.length > 1)
    throw new Fault('workload-ambiguous', {
      where: workload,
      says: `it has ${ofOthers.length} volumes or parts that are brought back one by one: ${cut(ofOthers.join(', '), 600)}`,
      remedy: `name one of them: holdfast restore ${shellWord(ofOthers[0] ?? '')}`,
      exit: 'misused',
    });
  const layerOf = new Map(points.map(({ point, ...of }) => [point, of] as const));
  return rankPoints([...layerOf.keys()], lostAt).flatMap((option) => {
    const of = layerOf.get(option.point);
    return of === undefined ? [] : [{ ...of, ...option }];
  });
}

/** Word for word what is to be typed: at three in the morning nobody should have to look it up. */
function targetsAsText(workload: string, only: string | undefined, { layer, entry, point }: Way): string {
  const targets = layer.targets?.(entry, point) ?? [{ to: 'FOLDER', says: 'a folder that is empty or not there yet' }];
  const part = only === undefined ? '' : ` --only ${shellWord(only)}`;
  const words = `holdfast restore ${shellWord(workload)} --point ${shellWord(point.manifest.id)}${part} --to`;
  return `Say where to:\n${targets.map(({ to, says }) => `  ${words} ${to}\n      ${says}\n`).join('')}`;
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
  // A copy in another place is the same point: the first of them is as good, unless `--by` says which.
  const ids = new Set(found.map(({ point }) => point.manifest.id));
  if (way !== undefined && ids.size === 1) return way;
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

function byLayer(invocation: Invocation, workload: string, ways: readonly Way[]): readonly Way[] {
  const wanted = optionText(invocation, 'by');
  if (wanted === undefined) return ways;
  const own = ways.filter(({ entry }) => entry.name === wanted);
  if (own.length > 0) return own;
  const layers = [...new Set(ways.map(({ entry }) => entry.name))].join(', ');
  throw misused(
    '--by',
    `${wanted} has no point of ${workload}`,
    layers === '' ? 'see `holdfast points`' : `there are points by ${layers}`,
  );
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
