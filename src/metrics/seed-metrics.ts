// The names that S3's dashboards and alert rules ask for (seed-names.json), from what Holdfast knows. Success is what it is
// everywhere here: every expected part there and verified. A run with 76 of 77 moves the last run and the status, not this.
import type { JobHistory } from '../model/job-history.ts';
import type { MetricFamily } from '../model/metric.ts';
import type { Outcome } from '../model/run.ts';
import type { Instant } from '../values/instant.ts';
import { family, type Known } from './known.ts';
import names from './seed-names.json' with { type: 'json' };

export function seedMetrics({ jobs, points, disks }: Known): readonly MetricFamily[] {
  const snapshots = jobs.filter(({ kind }) => kind === 'lvm-thin');
  const asked = vaultwardenChecks(jobs);
  return [
    gauge(
      'backup_last_success_timestamp',
      byJob(jobs, ({ lastSuccess }) => lastSuccess),
    ),
    gauge(
      'backup_last_run_timestamp',
      byJob(jobs, ({ last }) => last?.endedAt),
    ),
    gauge(
      'backup_last_status',
      byJob(jobs, ({ last }) => last && statuses[last.outcome]),
    ),
    gauge(
      'lvm_snapshot_last_success_timestamp',
      byJob(snapshots, ({ lastSuccess }) => lastSuccess),
    ),
    gauge(
      'lvm_snapshot_count',
      points.flatMap((one) => (one.kind === 'lvm-thin' ? [{ labels: { job: one.layer }, value: one.points }] : [])),
    ),
    gauge('lvm_thin_pool_free_percent', snapshots.flatMap(poolsOf)),
    gauge('backup_weekly_last_success_timestamp', [{ labels: {}, value: oldestCopy(jobs) }]),
    gauge(
      'backup_disk_usage_percent',
      disks.map(({ machine, folder, free, total }) => ({
        labels: { machine, folder },
        value: total > 0 ? 100 * (1 - free / total) : undefined,
      })),
    ),
    // `offsite_backup_sync_last_success_timestamp` has no layer yet: it is absent, as whatever nobody knows.
    gauge(
      'vaultwarden_sqlite_integrity_ok',
      asked.map(({ name, ok }) => ({ labels: { job: name, status: 'ok' }, value: ok ? 1 : 0 })),
    ),
    gauge(
      'vaultwarden_sqlite_integrity_check_timestamp',
      asked.map(({ name, at }) => ({ labels: { job: name }, value: at })),
    ),
  ];
}

const gauge = (name: keyof typeof names, samples: Parameters<typeof family>[3]): MetricFamily =>
  family('gauge', name, names[name], samples);

const byJob = (jobs: readonly JobHistory[], value: (job: JobHistory) => number | Instant | undefined) =>
  jobs.map((job) => ({ labels: { job: job.name }, value: value(job) }));

const statuses: Readonly<Record<Outcome, number>> = {
  ...{ done: 0, degraded: 1, partly: 1 },
  ...{ failed: 2, refused: 2, interrupted: 2, aborted: 2 },
};

const poolsOf = ({ name, figures }: JobHistory) =>
  (figures?.pools ?? []).map(({ volumeGroup, pool, dataPercent }) => ({
    labels: { job: name, volume_group: volumeGroup, pool },
    value: 100 - dataPercent,
  }));

/** What S3's one script writes to its backup disk. It is as old as the oldest of its parts, and unknown with any of them. */
const copies: readonly string[] = ['files', 'sqlite', 'pfsense', 'host-config', 'disk-image'];

function oldestCopy(jobs: readonly JobHistory[]): Instant | undefined {
  const successes = jobs.filter(({ kind }) => copies.includes(kind)).map(({ lastSuccess }) => lastSuccess);
  const known = successes.filter((one) => one !== undefined).sort();
  return known.length === successes.length ? known[0] : undefined;
}

/** A database that could not be asked at all is in the verdicts as well, and is not ok. */
function vaultwardenChecks(jobs: readonly JobHistory[]) {
  return jobs.flatMap(({ name, kind, workload, figures }) => {
    const asked = (figures?.databases ?? []).filter((one) =>
      [name, kind, workload, one.workload].some((text) => /vaultwarden/i.test(text)),
    );
    return figures === undefined || asked.length === 0
      ? []
      : [{ name, at: figures.at, ok: asked.every(({ ok }) => ok) }];
  });
}
