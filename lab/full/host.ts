// A PVE host of the full lab: what it stands on, what somebody set up by hand, and a month of nights behind it.
import { opsRights, opsToken, storageLogin } from '../pve/first.ts';
import { firstHost } from '../pve/first-host.ts';
import { rolesOf } from '../pve/roles.ts';
import type { BackupJob, Disk, PveState, StorageEntry } from '../pve/state.ts';
import { guestsOf, poolsOf } from './guests.ts';
import { journalOf, runsOf } from './host-history.ts';
import type { HostName } from './nights.ts';

export type FullHost = Readonly<{
  node: HostName;
  /** epoch milliseconds */
  now: number;
  /** 9.2.11 without */
  version?: string;
  pbs: Readonly<{ port: number; fingerprint: string }>;
}>;

const gib = 1024 ** 3;

type Own = Readonly<{
  storages: readonly StorageEntry[];
  disks: Readonly<Record<string, Disk>>;
  /** gigabytes of the root file system */
  root: Readonly<{ total: number; used: number }>;
}>;

const entry = (storage: string, type: string, options: StorageEntry['options']): StorageEntry => ({
  storage,
  type,
  options,
});
const disk = (total: number, used: number, mounted = true): Disk => ({ total: total * gib, used: used * gib, mounted });

const local = entry('local', 'dir', { path: '/var/lib/vz', content: 'backup,iso,vztmpl' });
const lvmthin = entry('local-lvm', 'lvmthin', { vgname: 'pve', thinpool: 'data', content: 'images,rootdir' });
const thick = entry('thick', 'lvm', { vgname: 'spare', content: 'images,rootdir' });
const usb = (options: StorageEntry['options']): StorageEntry =>
  entry('usb-hdd', 'dir', { path: '/mnt/usb-hdd', content: 'backup', ...options });

const own: Readonly<Record<HostName, Own>> = {
  ruapehu: {
    // Nobody told the storage that a disk belongs there, and it is not plugged in: what is written lands on the root disk.
    storages: [local, lvmthin, thick, usb({ 'prune-backups': 'keep-last=2' })],
    disks: { 'local-lvm': disk(1800, 690), thick: disk(375, 0), 'usb-hdd': disk(931, 402, false) },
    root: { total: 375, used: 31 },
  },
  pihanga: {
    storages: [
      local,
      entry('local-zfs', 'zfspool', { pool: 'rpool/data', sparse: 1, content: 'images,rootdir' }),
      usb({ path: '/mnt/nas', is_mountpoint: 'yes' }),
    ],
    disks: { 'local-zfs': disk(472, 61), 'usb-hdd': disk(3725, 1210) },
    root: { total: 94, used: 22 },
  },
  hikurangi: {
    storages: [local, lvmthin, thick, usb({ is_mountpoint: 'yes' })],
    disks: { 'local-lvm': disk(375, 61), thick: disk(931, 524), 'usb-hdd': disk(3725, 1210) },
    root: { total: 94, used: 26 },
  },
};

export function fullPveState({ node, now, version = '9.2.11', pbs }: FullHost): PveState {
  const { storages, disks, root } = own[node];
  const guests = guestsOf(node);
  const tasks = runsOf(node, guests, now);
  return {
    ...{ product: 'pve', node, version, guests, tasks },
    storages: [...structuredClone([...storages]), ...onPbs(node, pbs)],
    jobs: jobsOf(node),
    pools: poolsOf(node),
    volumes: [],
    ...firstHost(),
    disks: structuredClone({ ...disks }),
    hardware: {
      ...{ cpus: 16, memory: 128 * gib, memoryUsed: 74 * gib },
      root: { total: root.total * gib, used: root.used * gib },
    },
    journal: journalOf(tasks),
    users: ['root@pam', 'holdfast@pve'].map((id) => ({ id, enable: true, expire: 0 })),
    tokens: [{ id: opsToken, privsep: true, enable: true, expire: 0 }],
    acl: ['holdfast@pve', opsToken].flatMap((authId) => [
      ...opsRights(authId),
      { path: '/mapping/notifications', authId, role: 'HoldfastNotifications', propagate: true },
    ]),
    roles: rolesOf(version),
  };
}

function onPbs(node: HostName, { port, fingerprint }: FullHost['pbs']): StorageEntry[] {
  const options = {
    ...{ server: '127.0.0.1', port, datastore: 'pbs-datastore', username: storageLogin },
    ...{ fingerprint, content: 'backup' },
  };
  // On two hosts it was never made, on the third somebody switched it off.
  const drifted = { ...options, 'prune-backups': 'keep-all=1', disable: 1 };
  return [entry('old-pbs', 'pbs', options), ...(node === 'hikurangi' ? [entry('pbs-pihanga', 'pbs', drifted)] : [])];
}

/** The job of the nights before is off; one more, made by hand, is not. */
function jobsOf(node: HostName): BackupJob[] {
  const before: BackupJob = {
    id: 'before-holdfast',
    options: { schedule: '02:00', enabled: 0, all: 1, storage: 'old-pbs', mode: 'snapshot', compress: 'zstd' },
  };
  if (node !== 'hikurangi') return [before];
  const byHand = { schedule: 'sun 04:00', enabled: 1, vmid: '101', storage: 'old-pbs', mode: 'snapshot' };
  return [before, { id: 'by-hand', options: byHand }];
}
