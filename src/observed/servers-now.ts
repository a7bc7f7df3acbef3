// What the servers say of their datastores and jobs at this moment: how full, when they last ran and how that ended, when they
// run next. Each list is asked once; one that cannot be read is said, and the others go on.
import type { World } from '../contracts/world.ts';
import { asFault, type FaultRecord } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import { type ApiPath, type Params, type ProxmoxApi, path } from '../proxmox/api.ts';
import { flag, flagUnlessOff, type Row, rows, text, whole } from '../proxmox/decode.ts';
import { type DatastoreUsage, datastoreUsage } from '../proxmox/pbs.ts';
import { type Instant, instantAt } from '../values/instant.ts';

export type DatastoreNow = Readonly<{ pbs: string; at: Instant }> & Omit<DatastoreUsage, 'raw'>;

export type JobNow = Readonly<{
  server: string;
  /** as people call it: `backup`, `prune`, `verify`, `sync`, `garbage collection` */
  kind: string;
  id: string;
  /** the storage or the datastore it works on */
  on: string;
  enabled: boolean;
  /** a running one has neither an end nor an outcome */
  running: boolean;
  lastEnd: Instant | undefined;
  /** as the server wrote it; anything but `OK` and `WARNINGS: n` is a failure */
  outcome: string | undefined;
  next: Instant | undefined;
  at: Instant;
}>;

export type ServersNow = Readonly<{
  datastores: readonly DatastoreNow[];
  jobs: readonly JobNow[];
  unread: readonly Readonly<{ server: string; what: string; fault: FaultRecord }>[];
}>;

const nothing: ServersNow = { datastores: [], jobs: [], unread: [] };

export async function serversNow(world: World, { pve, pbs }: Pick<Estate, 'pve' | 'pbs'>): Promise<ServersNow> {
  const asked = await Promise.all([
    ...pve.map(({ name }) => part(world, name, 'backup jobs', (api) => backupJobs(world, api, name))),
    ...pbs.flatMap(({ name }) => [
      part(world, name, 'datastores', (api) => datastores(world, api, name)),
      ...pbsLists.map(({ what, ...list }) => part(world, name, what, (api) => pbsJobs(world, api, name, list))),
    ]),
  ]);
  return {
    datastores: asked.flatMap((one) => one.datastores),
    jobs: asked.flatMap((one) => one.jobs),
    unread: asked.flatMap((one) => one.unread),
  };
}

async function part(
  world: World,
  server: string,
  what: string,
  ask: (api: ProxmoxApi) => Promise<Partial<ServersNow>>,
): Promise<ServersNow> {
  try {
    return { ...nothing, ...(await ask(await world.server(server, 'observe'))) };
  } catch (error) {
    return { ...nothing, unread: [{ server, what, fault: asFault(error, server).toJSON() }] };
  }
}

async function datastores(world: World, api: ProxmoxApi, pbs: string): Promise<Partial<ServersNow>> {
  const known = await datastoreUsage(api);
  return { datastores: known.map(({ raw: _, ...usage }) => ({ pbs, at: world.clock.now(), ...usage })) };
}

const epoch = (value: unknown): Instant | undefined => {
  const seconds = whole(value);
  return seconds === undefined ? undefined : instantAt(seconds * 1000);
};

async function backupJobs(world: World, api: ProxmoxApi, server: string): Promise<Partial<ServersNow>> {
  const { data } = await api.get(path`/cluster/backup`);
  const at = world.clock.now();
  return {
    jobs: rows(api, 'backup jobs', data).map((raw) => {
      const enabled = flagUnlessOff(raw['enabled']);
      return {
        ...{ server, kind: 'backup', id: text(raw['id']) ?? '', on: text(raw['storage']) ?? 'local', enabled, at },
        // PVE keeps no outcome by job, only by task; and it computes a next run for disabled jobs, too.
        ...{ running: false, lastEnd: undefined, outcome: undefined },
        next: enabled ? epoch(raw['next-run']) : undefined,
      };
    }),
  };
}

type PbsList = Readonly<{ kind: string; folder: ApiPath; query: Params; id(raw: Row): string }>;

const ofId = (raw: Row): string => text(raw['id']) ?? '';
const ofStore = (raw: Row): string => text(raw['store']) ?? '';
const pbsLists: readonly (PbsList & Readonly<{ what: string }>)[] = [
  { what: 'prune jobs', kind: 'prune', folder: path`/admin/prune`, query: {}, id: ofId },
  { what: 'verify jobs', kind: 'verify', folder: path`/admin/verify`, query: {}, id: ofId },
  // Asked without a word it lists what it pulls, and not what it pushes (facts: pbs-api section 5).
  { what: 'sync jobs', kind: 'sync', folder: path`/admin/sync`, query: { 'sync-direction': 'all' }, id: ofId },
  { what: 'garbage collection', kind: 'garbage collection', folder: path`/admin/gc`, query: {}, id: ofStore },
];

async function pbsJobs(world: World, api: ProxmoxApi, server: string, list: PbsList): Promise<Partial<ServersNow>> {
  const { data } = await api.get(list.folder, list.query);
  const at = world.clock.now();
  return {
    jobs: rows(api, `${list.kind} jobs`, data).map((raw) => {
      const lastEnd = epoch(raw['last-run-endtime']);
      const outcome = text(raw['last-run-state']);
      return {
        ...{ server, kind: list.kind, id: list.id(raw), on: ofStore(raw), enabled: !flag(raw['disable']), at },
        ...{ lastEnd, outcome, running: text(raw['last-run-upid']) !== undefined && outcome === undefined },
        next: epoch(raw['next-run']),
      };
    }),
  };
}
