// PVE in types: what this product reads and writes there, thinly. `raw` is the entry as the server gave it, for whoever
// compares fields that are not named here (facts: pve-api sections 2, 4, 5, 7, 8).
import { parseUpid, type Upid } from '../values/upid.ts';
import { type CallOptions, type Params, type ProxmoxApi, path } from './api.ts';
import {
  byName,
  figure,
  flag,
  flagUnlessOff,
  misshapen,
  name,
  type Row,
  row,
  rows,
  set,
  text,
  whole,
} from './decode.ts';

export type Guest = Readonly<{
  vmid: number;
  kind: 'qemu' | 'lxc';
  node: string;
  name: string | undefined;
  /** `unknown` means that its node, or the status daemon there, is silent; it does not mean stopped */
  status: string;
  template: boolean;
  tags: readonly string[];
  pool: string | undefined;
  lock: string | undefined;
  raw: Row;
}>;

/** About ten seconds old, from the whole cluster. Guests without VM.Audit are missing, without a word. */
export async function guests(api: ProxmoxApi, options: CallOptions = {}): Promise<readonly Guest[]> {
  const what = 'cluster resources';
  const { data } = await api.get(path`/cluster/resources`, { type: 'vm' }, options);
  return rows(api, what, data)
    .flatMap((entry): Guest[] => {
      const kind = entry.type === 'lxc' ? 'lxc' : 'qemu';
      const vmid = whole(entry.vmid);
      if (vmid === undefined) throw misshapen(api, what, 'a `vmid` in each entry', entry.vmid);
      if (entry.type !== kind) return [];
      const { name: called, pool, lock } = { name: text(entry.name), pool: text(entry.pool), lock: text(entry.lock) };
      const status = text(entry.status) ?? 'unknown';
      const node = name(api, what, entry, 'node');
      return [
        {
          vmid,
          kind,
          node,
          name: called,
          status,
          template: flag(entry.template),
          tags: set(entry.tags),
          pool,
          lock,
          raw: entry,
        },
      ];
    })
    .sort((one, other) => one.vmid - other.vmid);
}

export type Node = Readonly<{
  node: string;
  status: string;
  /** fingerprint of the certificate it shows; undefined where PVE does not say it */
  certificate: string | undefined;
  raw: Row;
}>;

export async function nodes(api: ProxmoxApi, options: CallOptions = {}): Promise<readonly Node[]> {
  const { data } = await api.get(path`/nodes`, {}, options);
  return rows(api, 'nodes', data)
    .map((entry) => ({
      node: name(api, 'nodes', entry, 'node'),
      status: text(entry.status) ?? 'unknown',
      certificate: text(entry.ssl_fingerprint),
      raw: entry,
    }))
    .sort(byName((entry) => entry.node));
}

export type StorageStatus = Readonly<{
  /** false also where the storage cannot be reached from this node: the sizes are then unknown */
  active: boolean;
  enabled: boolean;
  /** of the whole datastore where it is a PBS, not of its namespace */
  total: number | undefined;
  used: number | undefined;
  available: number | undefined;
  raw: Row;
}>;

export async function storageStatus(
  api: ProxmoxApi,
  node: string,
  storage: string,
  options: CallOptions = {},
): Promise<StorageStatus> {
  const { data } = await api.get(path`/nodes/${node}/storage/${storage}/status`, {}, options);
  const raw = row(api, 'storage status', data);
  const active = flag(raw.active);
  // An unreachable PBS answers zeros, with 200.
  const size = (value: unknown) => (active ? figure(value) : undefined);
  const sizes = { total: size(raw.total), used: size(raw.used), available: size(raw.avail) };
  return { active, enabled: flagUnlessOff(raw.enabled), ...sizes, raw };
}

export type Selection =
  | Readonly<{ kind: 'all'; except: readonly string[] }>
  | Readonly<{ kind: 'guests'; vmids: readonly string[] }>
  | Readonly<{ kind: 'pool'; pool: string }>;

export type BackupJob = Readonly<{
  id: string;
  enabled: boolean;
  schedule: string | undefined;
  /** PVE takes `local` where the job names none */
  storage: string;
  node: string | undefined;
  mode: string | undefined;
  selection: Selection;
  raw: Row;
}>;

/** Needs Sys.Audit on `/`. */
export async function backupJobs(api: ProxmoxApi, options: CallOptions = {}): Promise<readonly BackupJob[]> {
  const { data } = await api.get(path`/cluster/backup`, {}, options);
  return rows(api, 'backup jobs', data)
    .map((entry) => ({
      id: name(api, 'backup jobs', entry, 'id'),
      enabled: flagUnlessOff(entry.enabled),
      schedule: text(entry.schedule),
      storage: text(entry.storage) ?? 'local',
      node: text(entry.node),
      mode: text(entry.mode),
      selection: selectionOf(entry),
      raw: entry,
    }))
    .sort(byName((job) => job.id));
}

// A pool counts before `all` where a job has both.
function selectionOf(job: Row): Selection {
  const pool = text(job.pool);
  if (pool !== undefined) return { kind: 'pool', pool };
  if (flag(job.all) || job.exclude !== undefined) return { kind: 'all', except: set(job.exclude) };
  return { kind: 'guests', vmids: set(job.vmid) };
}

/** `nothingToDo`: none of the guests is on that node, so there is no task either. */
export type Started = Readonly<{ started: Upid }> | Readonly<{ nothingToDo: true }>;

/** Starts a backup of guests that are on this node now; lists are joined with commas. */
export async function startBackup(
  api: ProxmoxApi,
  node: string,
  vmids: readonly number[],
  params: Params = {},
  options: CallOptions = {},
): Promise<Started> {
  const given = { ...params, vmid: vmids.join(',') };
  const { data } = await api.post(path`/nodes/${node}/vzdump`, given, options);
  if (data === 'OK') return { nothingToDo: true };
  return { started: upidIn(api, 'vzdump', data) };
}

function upidIn(api: ProxmoxApi, what: string, data: unknown): Upid {
  const upid = typeof data === 'string' ? parseUpid(data) : undefined;
  if (upid === undefined) throw misshapen(api, what, 'the id of a task', data);
  return upid;
}
