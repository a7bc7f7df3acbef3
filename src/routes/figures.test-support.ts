// Points for tests, by how they grow.
import type { RestorePoint, Takes } from '../model/restore-point.ts';
import { days } from '../values/duration.ts';
import { after, type Instant } from '../values/instant.ts';
import type { Keep } from '../values/retention.ts';
import { type Amount, countSeries, type PointsToCount, type Series } from './series.ts';

export const now = '2026-11-22T08:00:00.000Z' as Instant;
export const daysAgo = (count: number): Instant => after(now, days(-count));

export const point = (
  layer: string,
  takenAt: Instant,
  bytes: number,
  more: { takes?: Takes; held?: string } = {},
): RestorePoint => ({
  manifest: {
    ...{
      format: 1,
      id: `${layer} ${takenAt}`,
      layer,
      kind: 'x',
      workload: 'w',
      takenAt,
      sealedAt: takenAt,
      run: takenAt,
    },
    ...{ source: {}, counts: {}, parts: [], details: {}, tools: {} },
  },
  ...{ machine: 'here', folder: `/to/${layer}`, bytes, held: more.held, takes: more.takes },
});

/** One a day, the newest of today, oldest first. */
export const nightly = (layer: string, count: number, bytes: (index: number) => number): readonly RestorePoint[] =>
  Array.from({ length: count }, (_, index) => point(layer, daysAgo(count - 1 - index), bytes(index)));

/** Generations that share what did not change. */
export const generations = (layer: string, count: number, whole: number, added: number): readonly RestorePoint[] =>
  nightly(layer, count, () => 1).map((one, index) => ({
    ...one,
    takes: { what: 'shared', whole, added: index === 0 ? whole : added },
  }));

export const counted = (layer: string, keep: Keep, points: readonly RestorePoint[]): PointsToCount => ({
  ...{ layer, keep, points },
  seriesOf: () => 'one',
});

export function seriesOf(layer: string, keep: Keep, points: readonly RestorePoint[]): Series {
  const [series] = countSeries(counted(layer, keep, points)).series;
  if (series === undefined) throw new Error('no series');
  return series;
}

export const only = (points: readonly Amount[], ...indexes: readonly number[]): ReadonlySet<string> =>
  new Set(indexes.map((index) => points[index]?.id ?? ''));
