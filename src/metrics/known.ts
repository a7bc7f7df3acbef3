// What figures are made from, and the small words they are made with.
import type { JobHistory } from '../model/job-history.ts';
import type { MetricFamily, PushRecord, Sample } from '../model/metric.ts';
import { epochMilliseconds, type Instant } from '../values/instant.ts';

/** The restore points of one layer when they were last read. */
export type PointFigures = Readonly<{
  layer: string;
  kind: string;
  points: number;
  newest: Instant | undefined;
  /** what else lies there and is no restore point: damaged, unfinished, foreign */
  remarks: number;
  at: Instant;
}>;

/** The disk behind a folder that restore points are written to. */
export type DiskFigures = Readonly<{ machine: string; folder: string; free: number; total: number; at: Instant }>;

export type Known = Readonly<{
  version: string;
  jobs: readonly JobHistory[];
  points: readonly PointFigures[];
  disks: readonly DiskFigures[];
  /** by channel */
  pushes: Readonly<Record<string, PushRecord>>;
}>;

type Unsure = Readonly<{ labels: Sample['labels']; value: number | Instant | undefined }>;

/** Instants become seconds; what is not known is left out. */
export const family = (
  type: MetricFamily['type'],
  name: string,
  help: string,
  samples: readonly Unsure[],
): MetricFamily => ({
  ...{ type, name, help },
  samples: samples.flatMap(({ labels, value }) => {
    if (value === undefined) return [];
    return [{ labels, value: typeof value === 'number' ? value : epochMilliseconds(value) / 1000 }];
  }),
});
