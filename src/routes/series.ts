// The points of a layer that take each other's place, with what they take of their disk. Pure.
import type { RestorePoint } from '../model/restore-point.ts';
import { type Duration, days, hours, milliseconds } from '../values/duration.ts';
import { epochMilliseconds, type Instant } from '../values/instant.ts';
import { type Keep, keepSchema } from '../values/retention.ts';

export type Amount = Readonly<{
  id: string;
  takenAt: Instant;
  held: string | undefined;
  /** bytes of everything in it */
  whole: number;
  /** of those, what the point before it does not have; all of them where points share nothing */
  added: number;
}>;

export type Series = Readonly<{
  layer: string;
  name: string;
  keep: Keep;
  /** oldest first */
  points: readonly Amount[];
}>;

export type PointsToCount = Readonly<{
  layer: string;
  keep: Keep;
  points: readonly RestorePoint[];
  seriesOf(point: RestorePoint): string;
}>;

/** `unknown`: why nobody can tell what the points of the layer take. */
export type Counted = Readonly<{ series: readonly Series[]; unknown: string | undefined }>;

export function countSeries({ layer, keep, points, seriesOf }: PointsToCount): Counted {
  const unknown = points.map(({ takes }) => (takes?.what === 'unknown' ? takes.because : undefined)).find(Boolean);
  if (unknown !== undefined) return { series: [], unknown };
  const groups = Map.groupBy(points, seriesOf);
  const series = [...groups].map(([name, own]): Series => {
    const sorted = own.toSorted((one, other) => (one.manifest.takenAt < other.manifest.takenAt ? -1 : 1));
    return { layer, name, keep: policyOf(sorted, keep), points: sorted.map(amountOf) };
  });
  return { series, unknown: undefined };
}

const amountOf = ({ manifest: { id, takenAt }, held, bytes, takes }: RestorePoint): Amount => ({
  ...{ id, takenAt, held },
  ...(takes?.what === 'shared' ? { whole: takes.whole, added: takes.added } : { whole: bytes, added: bytes }),
});

/** A layer may have a policy of its own for some of its points; what they are under stands in the newest of them. */
function policyOf(points: readonly RestorePoint[], declared: Keep): Keep {
  const parsed = keepSchema.safeParse(points.at(-1)?.manifest.details['policy']);
  return parsed.success ? parsed.data : declared;
}

/**
 * What points take together, at most: neighbours share what the later one did not add. Where one between two is gone, what it had
 * added is taken to be still in the later one, as far as that is large enough.
 *
 * @param kept of all the points of the series, oldest first
 */
export function storedBytes(all: readonly Amount[], kept: ReadonlySet<string>): number {
  let total = 0;
  let between = 0;
  for (const [index, { id, whole, added }] of all.entries()) {
    // What the oldest one adds is all of it, whatever there was before.
    between += index === 0 ? whole : added;
    if (!kept.has(id)) continue;
    total += Math.min(whole, between);
    between = 0;
  }
  return total;
}

export const everyPoint = (points: readonly Amount[]): ReadonlySet<string> => new Set(points.map(({ id }) => id));

/** How a series goes on, as far as its points tell: by medians, so that one odd night changes nothing. */
export type Pace = Readonly<{ every: Duration; added: number; grows: number }>;

const recent = days(28);

/** Undefined with fewer than three points in four weeks: two tell neither a habit nor an exception. */
export function paceOf({ points }: Series, now: Instant): Pace | undefined {
  const since = epochMilliseconds(now) - recent;
  const last = points.filter(({ takenAt }) => epochMilliseconds(takenAt) >= since);
  if (last.length < 3) return undefined;
  const steps = last.slice(1).map((point, index) => {
    const before = last[index] as Amount;
    return {
      every: epochMilliseconds(point.takenAt) - epochMilliseconds(before.takenAt),
      added: point.added,
      grows: point.whole - before.whole,
    };
  });
  const every = Math.max(median(steps.map((step) => step.every)), hours(1));
  return {
    every: milliseconds(every),
    added: median(steps.map(({ added }) => added)),
    grows: median(steps.map(({ grows }) => grows)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
