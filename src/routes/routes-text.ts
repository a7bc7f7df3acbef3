// Routes for people: each source with its copies, then what is wrong with that, then the disks. The only text they have.
import type { Note } from '../model/plan.ts';
import { type Paint, plain } from '../values/paint.ts';
import { plainRef } from '../values/ref.ts';
import { type Keep, normaliseKeep } from '../values/retention.ts';
import { bytes, formatSize } from '../values/size.ts';
import { count, shown } from '../values/text.ts';
import type { CleanUp, CleanUpStep } from './clean-up.ts';
import type { Copy, Way } from './follow.ts';
import type { LeftOutBy } from './left-out.ts';
import type { Routed } from './routes.ts';
import { plannedDays, type Target } from './targets.ts';
import { apartText, targetText } from './words.ts';

export function routesAsText(routed: Routed, targets: readonly Target[], paint: Paint = plain): string {
  const { ways, gaps, duplicates, circles, overdue, leftOut } = routed;
  const lines = [
    ...(ways.length === 0
      ? ['Nothing is carried anywhere.', '']
      : ways.flatMap((way) => [...wayAsText(way, paint), ''])),
    ...section('Gaps', gaps, paint),
    ...section('Carried twice', duplicates, paint),
    ...section('In a circle', circles, paint),
    ...section('To be looked at again', overdue, paint),
    ...ofTheEstate(leftOut, paint),
    ...targets.flatMap((target) => [...targetAsText(target, paint), '']),
    tally(routed, targets),
  ];
  return `${lines.join('\n')}\n`;
}

function wayAsText({ says, workloads, copies, leftOut, holds }: Way, paint: Paint): readonly string[] {
  const title = workloads.length === 0 ? says : `${workloads.join(', ')}: ${says}`;
  const width = Math.max(0, ...copies.map(({ writes }) => shown(targetText(writes)).length));
  return [
    paint.strong(shown(title)),
    ...(holds.length === 0 ? [] : [`  with the copies of ${holds.map(shown).join(', ')} in it`]),
    ...copies.map(
      (copy) => `  ${copy.number}  ${shown(targetText(copy.writes)).padEnd(width)}  ${copyAsText(copy, paint)}`,
    ),
    ...leftOut.map((one) => `  ${paint.dim('left out')}  ${leftOutAsText(one)}`),
  ];
}

function copyAsText({ carrier, kind, schedule, parts, from, apart }: Copy, paint: Paint): string {
  const when = schedule === undefined ? paint.warning('by hand only') : shown(schedule);
  return [
    `by ${shown(carrier)} (${kind}), ${when}`,
    ...(parts.length === 0 ? [] : [`only ${parts.map(shown).join(', of that ')}`]),
    ...(from === 0 ? [] : [`from ${from}`]),
    apartText[apart],
  ].join('; ');
}

function leftOutAsText({ what, reason, owner, review_by, regenerable }: LeftOutBy | Way['leftOut'][number]): string {
  const who = [...(owner === undefined ? [] : [owner]), ...(review_by === undefined ? [] : [`until ${review_by}`])];
  const again = regenerable ? '; it can be made anew' : '';
  return `${shown(what)}: ${shown(reason)}${who.length === 0 ? '' : ` (${who.map(shown).join(', ')})`}${again}`;
}

const marks = (paint: Paint) => ({ info: paint.dim('note'), warning: paint.warning('warning') });

function section(title: string, notes: readonly Note[], paint: Paint): readonly string[] {
  if (notes.length === 0) return [];
  const mark = marks(paint);
  return [
    paint.strong(title),
    ...notes.map(({ subject, level, says }) => `  ${mark[level]}  ${shown(plainRef(subject))}: ${says}`),
    '',
  ];
}

/** What a layer leaves out stands with its source. */
function ofTheEstate(leftOut: readonly LeftOutBy[], paint: Paint): readonly string[] {
  const own = leftOut.filter(({ by }) => by === undefined);
  return own.length === 0
    ? []
    : [paint.strong('Left out by the estate'), ...own.map((one) => `  ${leftOutAsText(one)}`), ''];
}

const size = (value: number): string => (value < 0 ? `-${formatSize(bytes(-value))}` : formatSize(bytes(value)));

function targetAsText(target: Target, paint: Paint): readonly string[] {
  const { says, unit, space, growth, observed, unknown, cleanUp } = target;
  const rate = (value: number): string => (unit === 'bytes' ? size(value) : `${value.toFixed(1)} %`);
  const full =
    'unknown' in space
      ? []
      : [
          unit === 'bytes'
            ? `${size(space.total - space.free)} of ${size(space.total)} used`
            : `${Math.round(space.total - space.free)} % used`,
        ];
  const grows = [
    ...(growth === undefined ? [] : [`grows by ${rate(growth)} a day as its points do`]),
    ...(observed === undefined ? [] : [`was seen to grow by ${rate(observed)} a day`]),
  ];
  return [
    `${paint.strong(shown(says))}: ${[...full, ...grows, verdictText(target, paint)].join('; ')}`,
    ...unknown.map((one) => `  ${paint.dim('unknown')}  ${shown(one)}`),
    ...(cleanUp === undefined ? [] : cleanUpAsText(cleanUp, paint)),
  ];
}

function verdictText({ verdict, daysToFull }: Target, paint: Paint): string {
  if (daysToFull !== undefined)
    return paint.warning(daysToFull === 0 ? 'full at any moment' : `full in ${count(daysToFull, 'day')}`);
  return verdict === 'fits' ? paint.good('does not fill within a year') : paint.warning('unknown when it is full');
}

function cleanUpAsText({ steps, enough, missing }: CleanUp, paint: Paint): readonly string[] {
  const lines = steps.map((step, index) => `  ${index + 1}. ${stepAsText(step)}`);
  const end = enough
    ? `  With that it fits for ${count(plannedDays, 'day')}.`
    : `  ${paint.warning(`Even then ${size(missing)} are missing within ${plannedDays} days: a larger disk, or fewer sources, is needed.`)}`;
  return [paint.strong('  What would give room, in this order (a proposal: nothing is removed by it)'), ...lines, end];
}

function stepAsText({ layer, from, to, removes, gives, elsewhere }: CleanUpStep): string {
  const [oldest] = removes;
  const points =
    oldest === undefined
      ? 'no point now, fewer later'
      : `${count(removes.length, 'point')}, the oldest of ${oldest.takenAt.slice(0, 10)}`;
  const copies = elsewhere.length === 0 ? '' : `; they lie elsewhere, too, by ${elsewhere.map(shown).join(', ')}`;
  return `layer ${shown(layer)}: keep ${keepText(from)} -> ${keepText(to)}: gives at least ${size(gives)} (${points}${copies})`;
}

const keepText = (keep: Keep): string =>
  `{ ${Object.entries(normaliseKeep(keep))
    .map(([rule, number]) => `${rule}: ${number}`)
    .join(', ')} }`;

/** One line that a plan shows, too. */
export function tally(
  { ways, gaps, duplicates, circles, overdue, leftOut }: Routed,
  targets: readonly Target[],
): string {
  const copies = ways.reduce((sum, way) => sum + way.copies.length, 0);
  const real = gaps.filter(({ level }) => level === 'warning').length;
  const parts = [
    `${count(ways.length, 'source')}, ${count(copies, 'copy', 'copies')}`,
    count(real, 'gap'),
    `${duplicates.length} carried twice`,
    ...(circles.length === 0 ? [] : [count(circles.length, 'circle')]),
    ...(leftOut.length === 0 ? [] : [leftOutTally(leftOut.length, overdue.length)]),
    ...(targets.length === 0 ? [] : [targetsTally(targets)]),
  ];
  return `${parts.join('; ')}.`;
}

const leftOutTally = (all: number, overdue: number): string =>
  `${all} left out on purpose${overdue === 0 ? '' : `, ${overdue} to be looked at again`}`;

function targetsTally(targets: readonly Target[]): string {
  const filling = targets.filter(({ verdict }) => verdict === 'fills').length;
  const dark = targets.filter(({ verdict }) => verdict === 'unknown').length;
  const is = filling === 1 ? 'is' : 'are';
  return `of ${count(targets.length, 'disk')} ${filling} ${is} full within a year${dark === 0 ? '' : `, ${dark} unknown`}`;
}
