// Guests from their PVE server to the storage that their backup job names, and from one datastore to the next by sync jobs: as the
// estate declares them. Pure.
import type { PbsServer } from '../../model/estate.ts';
import type { NotCarried, Route, RouteTarget } from '../../model/route.ts';
import type { BackupJob } from './backup-job.ts';

/** As much of a declared storage as says where it leads. */
export type LeadingStorage = Readonly<{
  name: string;
  server: string;
  port: number;
  datastore: string;
  namespace: string;
  on?: readonly string[] | undefined;
}>;

export type Surrounding = Readonly<{
  /** names of the PVE servers */
  servers: readonly string[];
  storages: readonly LeadingStorage[];
  pbs: readonly Pick<PbsServer, 'name' | 'url'>[];
}>;

export const backupJobRoutes = (job: BackupJob, around: Surrounding): readonly Route[] =>
  (job.on ?? around.servers).map((server) => ({
    reads: [{ what: 'guests', on: server, node: job.node, select: job.select }],
    writes: targetOf(server, job.storage, around),
    carries: 'everything',
    leftOut: (job.exclude_paths ?? []).map(
      (what): NotCarried => ({
        what,
        reason: 'the job says so (`exclude_paths`), without a reason',
        regenerable: false,
      }),
    ),
  }));

function targetOf(server: string, name: string, { storages, pbs }: Surrounding): RouteTarget {
  const storage = storages.find((one) => one.name === name && (one.on?.includes(server) ?? true));
  if (storage === undefined) return { what: 'storage', on: server, at: name };
  const at = place(storage.datastore, storage.namespace);
  const known = pbsAt(pbs, storage.server, storage.port);
  return known === undefined
    ? { what: 'datastore', on: undefined, at: `${storage.server}:${at}` }
    : { what: 'datastore', on: known, at };
}

/** As much of a declared sync job as says what goes where. */
export type Syncing = Readonly<{
  store: string;
  namespace: string;
  remote?: string | undefined;
  remote_store: string;
  remote_namespace: string;
  direction: 'pull' | 'push';
  groups: readonly string[];
}>;
export type Remote = Readonly<{ name: string; host: string; port?: number | undefined }>;

/** Undefined where it fetches from a PBS that the estate does not have: those are somebody else's bytes. */
export function syncRoute(
  server: string,
  job: Syncing,
  remotes: readonly Remote[],
  pbs: Surrounding['pbs'],
): Route | undefined {
  const here = { what: 'datastore', on: server, at: place(job.store, job.namespace) } as const;
  const remote = remotes.find(({ name }) => name === job.remote);
  const host = job.remote === undefined ? server : remote && pbsAt(pbs, remote.host, remote.port ?? 8007);
  const at = place(job.remote_store, job.remote_namespace);
  const carries = job.groups.length === 0 ? ('everything' as const) : { part: job.groups.join(', ') };
  if (job.direction === 'pull')
    return host === undefined
      ? undefined
      : { reads: [{ what: 'datastore', on: host, at }], writes: here, carries, leftOut: [] };
  const there = host === undefined ? `${remote?.host ?? job.remote}:${at}` : at;
  return { reads: [here], writes: { what: 'datastore', on: host, at: there }, carries, leftOut: [] };
}

const place = (store: string, namespace: string): string => (namespace === '' ? store : `${store}/${namespace}`);

function pbsAt(pbs: Surrounding['pbs'], host: string, port: number): string | undefined {
  const wanted = `${host.toLowerCase().replace(/^\[(.*)\]$/, '$1')} ${port}`;
  return pbs.find(({ url }) => {
    const parsed = URL.parse(url);
    return parsed !== null && `${parsed.hostname.replace(/^\[(.*)\]$/, '$1')} ${parsed.port || '443'}` === wanted;
  })?.name;
}
