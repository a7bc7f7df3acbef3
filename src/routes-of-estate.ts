// Everything in an estate that carries bytes: layers, backup jobs of PVE, sync jobs of PBS. As declared; nothing is asked.
import type { BackupJob } from './layers/guest/backup-job.ts';
import {
  backupJobRoutes,
  type LeadingStorage,
  type Remote,
  type Surrounding,
  type Syncing,
  syncRoute,
} from './layers/guest/routes.ts';
import { layersOf } from './layers-of-estate.ts';
import type { Estate, PbsServer, Schedule } from './model/estate.ts';
import type { Carrier } from './model/route.ts';

export const carriersOf = (estate: Estate): readonly Carrier[] => [
  ...layersOf(estate).map(
    ({ layer, entry }): Carrier => ({
      ...{ name: entry.name, kind: entry.kind, workload: entry.workload },
      schedule: scheduleOf(estate.schedules.find(({ job }) => job === entry.name)),
      routes: layer.routes(entry, estate),
    }),
  ),
  ...backupJobs(estate),
  ...estate.pbs.flatMap((server) => syncJobs(estate, server)),
];

function scheduleOf(entry: Schedule | undefined): string | undefined {
  const after = (entry?.after ?? []).map((one) => (typeof one === 'string' ? one : one.job));
  const words = [
    ...(entry?.schedule === undefined ? [] : [entry.schedule]),
    ...(after.length === 0 ? [] : [`after ${after.join(', ')}`]),
  ];
  return words.length === 0 ? undefined : words.join(', ');
}

// Sections of kinds were parsed by the kinds' own schemas when the estate was read.
const listIn = <Entry>(holder: Readonly<Record<string, unknown>>, section: string): readonly Entry[] =>
  (holder[section] ?? []) as readonly Entry[];

type Scheduled = Readonly<{ name: string; schedule?: string | undefined; enabled?: boolean | undefined }>;

function backupJobs({ sections, pve, pbs }: Estate): readonly Carrier[] {
  const around: Surrounding = {
    servers: pve.map(({ name }) => name),
    storages: listIn<LeadingStorage>(sections, 'pbs_storages'),
    pbs,
  };
  return listIn<BackupJob & Scheduled>(sections, 'backup_jobs')
    .filter(({ enabled }) => enabled !== false)
    .map((job) => ({
      ...{ name: job.name, kind: 'backup job', workload: undefined, schedule: job.schedule },
      routes: backupJobRoutes(job, around),
    }));
}

function syncJobs({ pbs }: Estate, server: PbsServer): readonly Carrier[] {
  return listIn<Syncing & Scheduled>(server, 'sync').flatMap((job) => {
    const route = syncRoute(server.name, job, listIn<Remote>(server, 'remotes'), pbs);
    if (route === undefined) return [];
    const name = `${server.name}/${job.name}`;
    return [{ name, kind: 'sync job', workload: undefined, schedule: job.schedule, routes: [route] }];
  });
}
