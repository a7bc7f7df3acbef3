// The jobs that run by schedule once the plan is carried out: on each PVE server, on each datastore, into each PBS.
import type { Look } from '../../contracts/consequence.ts';
import type { Ref } from '../../values/ref.ts';
import { type Configured, configured, textOf } from '../compare/configured.ts';
import { isEnabled, storagesOf } from '../compare/storages.ts';

export type Job = Readonly<{
  /** `prune job nightly` */
  title: string;
  name: string;
  subject: Ref;
  server: string;
  schedule: string;
  /** this plan makes it or changes it */
  touched: boolean;
}>;

/** Jobs that share something, and where at least one of them is this plan's doing. */
export type Group = Readonly<{ shared: string; jobs: readonly Job[] }>;

const jobOf = (title: string, { server, name, subject, step }: Configured, schedule: unknown): Job => ({
  ...{ title: `${title} ${name}`, name, subject, server, schedule: textOf(schedule), touched: step !== undefined },
});

const sharing = (jobs: readonly Job[], shared: (job: Job) => string): readonly Group[] =>
  [...Map.groupBy(jobs, shared)]
    .map(([name, ones]) => ({ shared: name, jobs: ones }))
    .filter(({ jobs: ones }) => ones.length > 1 && ones.some(({ touched }) => touched));

function backupJobs(look: Look): readonly Job[] {
  return configured(look, 'pve-backup-job').flatMap((one) =>
    isEnabled(one.after) && textOf(one.after['schedule']) !== ''
      ? [jobOf('backup job', one, one.after['schedule'])]
      : [],
  );
}

export const onOneServer = (look: Look): readonly Group[] => sharing(backupJobs(look), ({ server }) => server);

/** Backup jobs of several servers that write to one PBS. */
export function intoOnePbs(look: Look): readonly Group[] {
  const storages = storagesOf(look);
  const pbsOf = new Map(
    configured(look, 'pve-backup-job').flatMap(({ subject, server, after }) => {
      const storage = storages.named(server, after?.['storage']);
      const target = isEnabled(storage?.after) ? storages.targetOf(storage, storage.after) : undefined;
      return target === undefined ? [] : [[subject, target.pbs] as const];
    }),
  );
  const writing = backupJobs(look).filter(({ subject }) => pbsOf.has(subject));
  return sharing(writing, ({ subject }) => pbsOf.get(subject) ?? '').filter(
    ({ jobs }) => new Set(jobs.map(({ server }) => server)).size > 1,
  );
}

const ofDatastore = [
  { kind: 'pbs-prune-job', title: 'prune job', field: 'schedule', store: 'store' },
  { kind: 'pbs-verify-job', title: 'verify job', field: 'schedule', store: 'store' },
  { kind: 'pbs-sync-job', title: 'sync job', field: 'schedule', store: 'store' },
  { kind: 'pbs-datastore', title: 'garbage collection of', field: 'gc', store: undefined },
] as const;

export function onOneDatastore(look: Look): readonly Group[] {
  const jobs = ofDatastore.flatMap(({ kind, title, field, store }) =>
    configured(look, kind).flatMap((one) => {
      if (!isEnabled(one.after) || textOf(one.after[field]) === '') return [];
      const at = `${store === undefined ? one.name : textOf(one.after[store])} on ${one.server}`;
      return [{ at, job: jobOf(title, one, one.after[field]) }];
    }),
  );
  const places = new Map(jobs.map(({ at, job }) => [job.subject, at]));
  return sharing(
    jobs.map(({ job }) => job),
    ({ subject }) => places.get(subject) ?? '',
  );
}
