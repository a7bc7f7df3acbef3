// Each disk that copies lie on: how full it is, how it grows, when it is full, and what would give room. What could not be looked
// at is unknown, and never fine. Pure.
import { days } from '../values/duration.ts';
import { between, type Instant } from '../values/instant.ts';
import type { Keep } from '../values/retention.ts';
import type { TimeZone } from '../values/time-zone.ts';
import { type CleanUp, cleanUpOf, type Policy } from './clean-up.ts';
import { observedGrowth, type Sample } from './observed-growth.ts';
import { fullOn, type Outlook, outlookOf, sumOf } from './outlook.ts';
import { countSeries, type PointsToCount, paceOf, type Series } from './series.ts';

export type TargetLook = Readonly<{
  /** in words */
  says: string;
  layers: readonly string[];
  /** of a pool, which LVM tells in hundredths, `total` is 100 */
  unit: 'bytes' | 'percent';
  space: Readonly<{ free: number; total: number; at: Instant }> | Readonly<{ unknown: string }>;
  /** when it will be full by the estimate of its own server; null where that has none: flat, shrinking, or too young to tell */
  fullAt?: Instant | null;
  /** how full it was before, oldest first */
  samples: readonly Sample[];
  points: readonly PointsToCount[];
  /** layers whose points could not be read, and why */
  unread: readonly Readonly<{ layer: string; says: string }>[];
  /** by layer: those that carry its points elsewhere */
  elsewhere: Readonly<Record<string, readonly string[]>>;
}>;

export type Target = Pick<TargetLook, 'says' | 'layers' | 'unit' | 'space'> &
  Readonly<{
    /** a day, by the points' own pace and under the declared retention, over the next four weeks; undefined: unknown */
    growth: number | undefined;
    /** a day, as the disk was seen to fill, by whoever it is */
    observed: number | undefined;
    /** by the sooner of the two; undefined: not within a year, or unknown */
    daysToFull: number | undefined;
    verdict: 'fits' | 'fills' | 'unknown';
    /** what is not known, and what that leaves out */
    unknown: readonly string[];
    /** where it is full within `plannedDays` */
    cleanUp: CleanUp | undefined;
  }>;

const horizonDays = 365;
/** Soon enough to do something about it now. */
export const plannedDays = 90;
const shownDays = 28;

export function judgeTarget(look: TargetLook, now: Instant, zone: TimeZone): Target {
  const { says, layers, unit, space } = look;
  const counted = look.points.map((of) => ({ layer: of.layer, ...countSeries(of) }));
  const series = counted.flatMap((one) => one.series);
  const paced = series.filter((one) => paceOf(one, now) !== undefined);
  const outlook = sumOf(
    series.map((one) => outlookOf(one, { now, zone, horizonDays })),
    horizonDays,
  );
  const growth = unit === 'percent' || paced.length === 0 ? undefined : perDay(outlook);
  const observed = observedGrowth(look.samples, now);
  const unknown = [
    ...('unknown' in space ? [space.unknown] : []),
    ...look.unread.map((one) => `the points of ${one.layer} could not be read: ${one.says}`),
    ...(unit === 'percent'
      ? []
      : counted.flatMap((one) => (one.unknown === undefined ? [] : [`what ${one.layer} takes: ${one.unknown}`]))),
    ...(unit === 'percent' ? [] : withoutPace(series, paced)),
    ...(growth === undefined && observed === undefined
      ? ['how fast it grows: there is too little to tell it by yet']
      : []),
  ];
  const byPoints = 'unknown' in space || growth === undefined ? undefined : fullOn(outlook, space.free);
  const bySight =
    'unknown' in space || observed === undefined || observed <= 0 ? undefined : Math.floor(space.free / observed);
  const byServer = look.fullAt ? Math.max(0, Math.floor(between(now, look.fullAt) / days(1))) : undefined;
  const daysToFull = soonest(byPoints, bySight, byServer);
  const known = !('unknown' in space) && (growth !== undefined || observed !== undefined) && look.unread.length === 0;
  const verdict = daysToFull !== undefined ? 'fills' : known ? 'fits' : 'unknown';
  const cleanUp =
    'unknown' in space || unit === 'percent' || daysToFull === undefined || daysToFull > plannedDays
      ? undefined
      : cleanUpOf(policiesOf(series, look.elsewhere), { now, zone, horizonDays: plannedDays, free: space.free });
  return { says, layers, unit, space, growth, observed, daysToFull, verdict, unknown, cleanUp };
}

const perDay = (outlook: Outlook): number => ((outlook[shownDays] ?? 0) - (outlook[0] ?? 0)) / shownDays;

function soonest(...estimates: readonly (number | undefined)[]): number | undefined {
  const sooner = Math.min(...estimates.map((one) => one ?? Infinity));
  return sooner <= horizonDays ? sooner : undefined;
}

function withoutPace(series: readonly Series[], paced: readonly Series[]): readonly string[] {
  const layers = new Map<string, number>();
  for (const one of series) if (!paced.includes(one)) layers.set(one.layer, (layers.get(one.layer) ?? 0) + 1);
  return [...layers].map(
    ([layer, number]) =>
      `how ${number === 1 ? 'a source' : `${number} sources`} of ${layer} will grow: fewer than three points in four weeks; taken to stay as now`,
  );
}

function policiesOf(series: readonly Series[], elsewhere: TargetLook['elsewhere']): readonly Policy[] {
  const byPolicy = Map.groupBy(series, ({ layer, keep }) => `${layer} ${JSON.stringify(keep)}`);
  return [...byPolicy.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { layer, keep } = first satisfies Readonly<{ layer: string; keep: Keep }>;
    return [{ layer, keep, series: own, elsewhere: elsewhere[layer] ?? [] }];
  });
}
