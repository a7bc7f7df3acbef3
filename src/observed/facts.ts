// How each fact is fetched, read tolerantly: one call, or one for each namespace that the first one names.
import type { BackupTask, FactTypes, GuestSeen, SnapshotSeen } from '../model/fact-types.ts';
import type { Ask, AskOf, FactName } from '../model/facts.ts';
import { type ApiPath, type CallOptions, type ProxmoxApi, path } from '../proxmox/api.ts';
import { flag, isRow, name, type Row, row, rows, text, whole } from '../proxmox/decode.ts';
import { guests } from '../proxmox/pve.ts';
import { backupDefaults, guestDisks, rootDisk, seenStorages, storageEntries } from '../proxmox/pve-room.ts';
import { parseTimeZone, utc } from '../values/time-zone.ts';

type Fetchers = {
  readonly [Name in FactName]: (
    api: ProxmoxApi,
    ask: AskOf<Name>,
    options: CallOptions,
  ) => Promise<FactTypes[Name]['answer']>;
};

const fetchers: Fetchers = {
  names: async (api, { folder, id }, options) => {
    const { data } = await api.get(`/${folder}` as ApiPath, {}, options);
    return rows(api, folder, data).flatMap((one) => text(one[id]) ?? []);
  },
  guests: async (api, _, options) =>
    (await guests(api, options)).map(
      ({ vmid, kind, node, name: called, status, template, pool }): GuestSeen => ({
        ...{ vmid, type: kind, node, name: called ?? '', status, template, pool },
      }),
    ),
  snapshots: (api, { store, namespace }, options) => snapshotsIn(api, store, namespace, options),
  'snapshots-below': async (api, { store, namespace, depth }, options) => {
    const params = {
      ...(namespace === '' ? {} : { parent: namespace }),
      ...(depth === null ? {} : { 'max-depth': depth }),
    };
    // The namespace itself is among them; the root is written as nothing (facts: pbs-api section 4).
    const { data } = await api.get(path`/admin/datastore/${store}/namespace`, params, options);
    const names = rows(api, 'namespaces', data).map(({ ns }) => text(ns) ?? '');
    return Promise.all(
      names.sort().map(async (one) => ({ namespace: one, snapshots: await snapshotsIn(api, store, one, options) })),
    );
  },
  'running-backups': async (api, _, options) =>
    (await backupTasks(api, options)).flatMap(({ task, endedAt }) => (endedAt === undefined ? [task] : [])),
  'ended-backups': async (api, _, options) =>
    (await backupTasks(api, options)).flatMap(({ task, endedAt }) =>
      endedAt === undefined ? [] : [{ ...task, endedAt }],
    ),
  'time-zone': async (api, _, options) => {
    // Each of the two products takes this name for the node that answers.
    const { data } = await api.get(path`/nodes/localhost/time`, {}, options);
    const zone = text(row(api, 'time', data)['timezone']);
    return zone === undefined ? utc : (parseTimeZone(zone) ?? utc);
  },
  'backup-defaults': (api, { node }, options) => backupDefaults(api, node, options),
  'root-disk': (api, { node }, options) => rootDisk(api, node, options),
  'seen-storages': (api, { node }, options) => seenStorages(api, node, options),
  'storage-entries': (api, _, options) => storageEntries(api, options),
  'guest-disks': (api, ask, options) => guestDisks(api, ask, options),
};

async function snapshotsIn(
  api: ProxmoxApi,
  store: string,
  namespace: string,
  options: CallOptions,
): Promise<readonly SnapshotSeen[]> {
  const params = namespace === '' ? {} : { ns: namespace };
  const { data } = await api.get(path`/admin/datastore/${store}/snapshots`, params, options);
  return rows(api, 'snapshots', data).map((one) => snapshotIn(api, one));
}

type TaskRow = Readonly<{ task: BackupTask; endedAt: number | undefined }>;

/** Recent and running tasks of all nodes in one call, without a history (facts: pve-api section 6). */
async function backupTasks(api: ProxmoxApi, options: CallOptions): Promise<readonly TaskRow[]> {
  const what = 'cluster tasks';
  const { data } = await api.get(path`/cluster/tasks`, {}, options);
  return rows(api, what, data)
    .filter(({ type }) => type === 'vzdump')
    .map((one) => ({
      task: { node: name(api, what, one, 'node'), startedAt: whole(one.starttime) ?? 0, vmid: whole(one.id) },
      endedAt: whole(one.endtime),
    }))
    .sort((one, other) => one.task.startedAt - other.task.startedAt);
}

function snapshotIn(api: ProxmoxApi, raw: Row): SnapshotSeen {
  const { verification } = raw;
  const state = isRow(verification) ? text(verification.state) : undefined;
  return {
    type: name(api, 'snapshots', raw, 'backup-type'),
    id: name(api, 'snapshots', raw, 'backup-id'),
    time: whole(raw['backup-time']) ?? 0,
    // Without a manifest there is no size: the backup is at work, or broke off (facts: pbs-api section 4).
    finished: raw.size !== undefined,
    protected: flag(raw.protected),
    owner: text(raw.owner) ?? '',
    size: whole(raw.size),
    verified: state === 'ok' || state === 'failed' ? state : undefined,
  };
}

/** Rejects as every call does. */
export const answerTo = (api: ProxmoxApi, ask: Ask, options: CallOptions): Promise<unknown> =>
  // The name chooses the type of both, which the compiler cannot follow through the union.
  (fetchers[ask.fact] as (api: ProxmoxApi, ask: Ask, options: CallOptions) => Promise<unknown>)(api, ask, options);
