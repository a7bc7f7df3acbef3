// Holdfast's own figures: units in the name, as Prometheus asks for (prometheus.io/docs/practices/naming).
import type { JobHistory } from '../model/job-history.ts';
import type { MetricFamily } from '../model/metric.ts';
import { outcomes } from '../model/run.ts';
import type { Instant } from '../values/instant.ts';
import { family, type Known } from './known.ts';

export function ownMetrics({ version, jobs, points, pushes }: Known): readonly MetricFamily[] {
  const ofJobs = (name: string, help: string, value: (job: JobHistory) => number | Instant | undefined) =>
    family(
      'gauge',
      name,
      help,
      jobs.map((job) => ({ labels: { job: job.name }, value: value(job) })),
    );
  const ofLayers = (name: string, help: string, value: (of: Known['points'][number]) => number | Instant | undefined) =>
    family(
      'gauge',
      name,
      help,
      points.map((of) => ({ labels: { layer: of.layer }, value: value(of) })),
    );
  const channels = Object.entries(pushes).map(([channel, record]) => ({ labels: { channel }, record }));
  return [
    family('gauge', 'holdfast_build_info', 'Always 1; the version stands in its label.', [
      { labels: { version }, value: 1 },
    ]),
    ofJobs(
      'holdfast_job_last_run_timestamp_seconds',
      'When the job last ended, however it ended.',
      ({ last }) => last?.endedAt,
    ),
    ofJobs(
      'holdfast_job_last_success_timestamp_seconds',
      'When every expected part was last there and verified.',
      ({ lastSuccess }) => lastSuccess,
    ),
    ofJobs(
      'holdfast_job_last_degraded_timestamp_seconds',
      'When the job last ended with some parts done and others missing or weaker than promised.',
      ({ lastDegraded }) => lastDegraded,
    ),
    family(
      'gauge',
      'holdfast_job_last_outcome',
      'How the job last ended: 1 for that outcome, 0 for the others; pending before its first run.',
      jobs.flatMap(({ name, last }) =>
        [...outcomes, 'pending'].map((outcome) => ({
          labels: { job: name, outcome },
          value: outcome === (last?.outcome ?? 'pending') ? 1 : 0,
        })),
      ),
    ),
    ofJobs('holdfast_job_running', 'Whether the job is running now.', ({ running }) => (running === undefined ? 0 : 1)),
    ofJobs('holdfast_job_last_duration_seconds', 'How long the last run took.', ({ last }) => last && last.took / 1000),
    ofJobs(
      'holdfast_job_last_size_bytes',
      'What the last run put into restore points.',
      ({ last }) => last?.tally.bytes,
    ),
    ofJobs('holdfast_job_items_expected', 'Parts the last run was to protect.', ({ last }) => last?.tally.expected),
    ofJobs('holdfast_job_items_done', 'Parts the last run protected and verified.', ({ last }) => last?.tally.done),
    ofJobs(
      'holdfast_job_items_excluded',
      'Parts the last run left out on purpose.',
      ({ last }) => last?.tally.excluded.length,
    ),
    ofJobs('holdfast_job_next_run_timestamp_seconds', 'When the job is due next.', ({ nextRun }) => nextRun),
    ofJobs(
      'holdfast_databases_checked',
      'Databases whose integrity was last asked for.',
      ({ figures }) => figures?.databases.length,
    ),
    ofJobs(
      'holdfast_databases_damaged',
      'Databases whose integrity check failed, or could not be carried out.',
      ({ figures }) => figures?.databases.filter(({ ok }) => !ok).length,
    ),
    family(
      'gauge',
      'holdfast_thin_pool_used_ratio',
      'How full the thin pool was when a run last looked.',
      jobs.flatMap(poolsOf),
    ),
    ofLayers('holdfast_points', 'Sealed restore points of the layer.', (of) => of.points),
    ofLayers(
      'holdfast_points_remarked',
      'What lies beside them and is none: damaged, unfinished, foreign.',
      (of) => of.remarks,
    ),
    ofLayers('holdfast_newest_point_timestamp_seconds', 'When the newest restore point was taken.', (of) => of.newest),
    ofLayers('holdfast_points_read_timestamp_seconds', 'When the restore points were last read.', (of) => of.at),
    family(
      'counter',
      'holdfast_push_failures_total',
      'Pushes that did not arrive whole, since the state folder was made.',
      channels.map(({ labels, record }) => ({ labels, value: record.failures })),
    ),
    family(
      'gauge',
      'holdfast_push_last_success_timestamp_seconds',
      'When figures last arrived, as the other side was asked.',
      channels.map(({ labels, record }) => ({ labels, value: record.arrivedAt })),
    ),
  ];
}

const poolsOf = ({ name, figures }: JobHistory) =>
  (figures?.pools ?? []).flatMap(({ volumeGroup, pool, dataPercent, metadataPercent }) => [
    { labels: { job: name, volume_group: volumeGroup, pool, part: 'data' }, value: dataPercent / 100 },
    { labels: { job: name, volume_group: volumeGroup, pool, part: 'metadata' }, value: metadataPercent / 100 },
  ]);
