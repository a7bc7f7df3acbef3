// Where a backup finds room on a PVE node, and what it takes there (facts: pve-api sections 5, 7, 8).
import type { GuestDisk } from '../values/guest-disk.ts';
import type { BackupDefaults, Room, SeenStorage, StorageEntry } from '../values/room.ts';
import { bytes } from '../values/size.ts';
import { isThick } from '../values/storage-type.ts';
import { type CallOptions, type ProxmoxApi, path } from './api.ts';
import { flag, flagUnlessOff, isRow, misshapen, name, row, rows, text, whole } from './decode.ts';
import { disksIn } from './guest-disks.ts';
import { parsePropertyString } from './property-string.ts';
import { storages } from './pve-storage.ts';

/** Needs Sys.Audit on the node: without it PVE leaves `tmpdir` out, without a word. */
export async function backupDefaults(
  api: ProxmoxApi,
  node: string,
  options: CallOptions = {},
): Promise<BackupDefaults> {
  const { data } = await api.get(path`/nodes/${node}/vzdump/defaults`, {}, options);
  const { tmpdir, fleecing } = row(api, 'backup defaults', data);
  return { tmpdir: text(tmpdir), fleecing: fleecingStorage(fleecing) };
}

/** It comes as text here, and as an object in a job. */
function fleecingStorage(raw: unknown): string | undefined {
  const options = isRow(raw) ? new Map(Object.entries(raw)) : parsePropertyString(text(raw) ?? '', 'enabled');
  return flag(options.get('enabled')) ? text(options.get('storage')) : undefined;
}

/** Needs Sys.Audit on the node. */
export async function rootDisk(api: ProxmoxApi, node: string, options: CallOptions = {}): Promise<Room> {
  const { data } = await api.get(path`/nodes/${node}/status`, {}, options);
  const { rootfs } = row(api, 'node status', data);
  const room = roomIn(isRow(rootfs) ? rootfs : {});
  if (room === undefined) throw misshapen(api, 'node status', 'the sizes of `rootfs`', rootfs);
  return room;
}

function roomIn({ total, used, avail }: Readonly<Record<string, unknown>>): Room | undefined {
  const [all, taken, free] = [whole(total), whole(used), whole(avail)];
  if (all === undefined || taken === undefined || free === undefined) return undefined;
  return { total: bytes(all), used: bytes(taken), available: bytes(free) };
}

/** Sorted by name. PVE asks each of them live; one without Datastore.Audit or AllocateSpace is missing, without a word. */
export async function seenStorages(
  api: ProxmoxApi,
  node: string,
  options: CallOptions = {},
): Promise<readonly SeenStorage[]> {
  const what = 'storages of a node';
  const { data } = await api.get(path`/nodes/${node}/storage`, {}, options);
  return rows(api, what, data)
    .map((raw) => {
      const active = flag(raw['active']) && flagUnlessOff(raw['enabled']);
      // One that is not active reports zeros, which are no figures.
      const room = active ? roomIn(raw) : undefined;
      return { storage: name(api, what, raw, 'storage'), type: name(api, what, raw, 'type'), active, room };
    })
    .sort((one, other) => (one.storage < other.storage ? -1 : 1));
}

export async function storageEntries(api: ProxmoxApi, options: CallOptions = {}): Promise<readonly StorageEntry[]> {
  return (await storages(api, undefined, options)).map(({ storage, type, raw }) => {
    const mount = text(raw['is_mountpoint']);
    const made = { sparse: flag(raw['sparse']), preallocation: text(raw['preallocation']) };
    return {
      ...{ storage, type, path: text(raw['path']), thick: isThick(type, made) },
      // `yes`, or the path of the mount point itself.
      mountDemanded: mount !== undefined && (mount.startsWith('/') || flag(mount)),
    };
  });
}

/** Needs VM.Audit on the guest. */
export async function guestDisks(
  api: ProxmoxApi,
  { node, type, vmid }: Readonly<{ node: string; type: 'qemu' | 'lxc'; vmid: number }>,
  options: CallOptions = {},
): Promise<readonly GuestDisk[]> {
  const { data } = await api.get(path`/nodes/${node}/${type}/${vmid}/config`, {}, options);
  const config = Object.entries(row(api, 'guest config', data)).flatMap(([key, value]) => {
    const known = text(value);
    return known === undefined ? [] : [[key, known] as const];
  });
  return disksIn(type === 'qemu' ? 'vm' : 'ct', new Map(config));
}
