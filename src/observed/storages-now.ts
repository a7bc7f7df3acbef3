// What PVE says of its PBS storages at this moment: from each server's own first node that answers, since a storage can be
// well on one node and dead on another.
import type { World } from '../contracts/world.ts';
import { asFault, type FaultRecord } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import { type ProxmoxApi, path } from '../proxmox/api.ts';
import { isRow, rows, whole } from '../proxmox/decode.ts';
import { nodes, storageStatus } from '../proxmox/pve.ts';
import { type PveStorage, storages } from '../proxmox/pve-storage.ts';
import { type Instant, instantAt } from '../values/instant.ts';

export type StorageNow = Readonly<{
  pve: string;
  name: string;
  server: string;
  datastore: string;
  namespace: string;
  state: 'active' | 'disabled' | 'not reachable' | 'unknown';
  used: number | undefined;
  total: number | undefined;
  /** undefined: there is none that this identity may see, which is not the same as none */
  lastBackup: Instant | undefined;
  node: string | undefined;
  /** why it is not known how it is */
  fault?: FaultRecord;
  at: Instant;
}>;

export type StoragesNow = Readonly<{
  storages: readonly StorageNow[];
  unread: readonly Readonly<{ pve: string; fault: FaultRecord }>[];
}>;

export async function storagesNow(world: World, estate: Pick<Estate, 'pve'>): Promise<StoragesNow> {
  const answers = await Promise.all(
    estate.pve.map(async ({ name }) => {
      try {
        return { storages: await ofServer(world, name), unread: [] };
      } catch (error) {
        return { storages: [], unread: [{ pve: name, fault: asFault(error, name).toJSON() }] };
      }
    }),
  );
  return { storages: answers.flatMap((one) => one.storages), unread: answers.flatMap((one) => one.unread) };
}

async function ofServer(world: World, pve: string): Promise<readonly StorageNow[]> {
  const api = await world.server(pve, 'observe');
  const [entries, known] = await Promise.all([storages(api, 'pbs'), nodes(api)]);
  const online = known.filter(({ status }) => status === 'online').map(({ node }) => node);
  return Promise.all(entries.map((entry) => ofStorage(world, api, pve, entry, online)));
}

async function ofStorage(
  world: World,
  api: ProxmoxApi,
  pve: string,
  entry: PveStorage,
  online: readonly string[],
): Promise<StorageNow> {
  const text = (key: string): string => (entry.raw[key] === undefined ? '' : String(entry.raw[key]));
  const [server, datastore, namespace] = [text('server'), text('datastore'), text('namespace')];
  const node = online.find((one) => entry.nodes?.includes(one) ?? true);
  const base = { pve, name: entry.storage, server, datastore, namespace, node, at: world.clock.now() };
  const unasked = { used: undefined, total: undefined, lastBackup: undefined };
  if (entry.disabled) return { ...base, ...unasked, state: 'disabled' };
  if (node === undefined) return { ...base, ...unasked, state: 'unknown' };
  try {
    const { active, used, total } = await storageStatus(api, node, entry.storage);
    if (!active) return { ...base, ...unasked, state: 'not reachable' };
    return { ...base, used, total, state: 'active', ...(await newestIn(api, node, entry.storage)) };
  } catch (error) {
    return { ...base, ...unasked, state: 'unknown', fault: asFault(error, pve).toJSON() };
  }
}

/** That its list cannot be read makes nothing of the rest unknown. */
async function newestIn(
  api: ProxmoxApi,
  node: string,
  storage: string,
): Promise<Pick<StorageNow, 'lastBackup' | 'fault'>> {
  try {
    return { lastBackup: await newest(api, node, storage) };
  } catch (error) {
    return { lastBackup: undefined, fault: asFault(error, api.name).toJSON() };
  }
}

async function newest(api: ProxmoxApi, node: string, storage: string): Promise<Instant | undefined> {
  const { data } = await api.get(path`/nodes/${node}/storage/${storage}/content`, { content: 'backup' });
  const times = rows(api, 'storage content', data).flatMap((row) => {
    const time = isRow(row) ? whole(row['ctime']) : undefined;
    return time === undefined ? [] : [time];
  });
  return times.length === 0 ? undefined : instantAt(Math.max(...times) * 1000);
}
