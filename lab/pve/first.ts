// What the PVE hosts hold when the lab starts: guests, storages that Holdfast did not make, and a login with the rights that
// managing storages and starting backups needs, and no more (facts: pve-api section 11).
import type { AclEntry } from '../rights.ts';
import { firstGuests } from './first-guests.ts';
import { firstHost } from './first-host.ts';
import { rolesOf } from './roles.ts';
import type { BackupJob, PveState, StorageEntry } from './state.ts';

export type FirstPve = Readonly<{
  node: 'ruapehu' | 'hikurangi';
  /** 9.2.11 without */
  version?: string;
  /** how the storages of type pbs reach the PBS */
  pbs: Readonly<{ port: number; fingerprint: string }>;
}>;

export const storageLogin = 'holdfast@pbs!storage';
export const opsToken = 'holdfast@pve!ops';

export function firstPveState({ node, version = '9.2.11', pbs }: FirstPve): PveState {
  const { guests, pools } = firstGuests[node];
  return {
    product: 'pve',
    node,
    version,
    storages: storagesOf(node, pbs),
    jobs: jobsOf(node),
    guests: structuredClone([...guests]),
    pools: structuredClone([...pools]),
    volumes: [],
    ...firstHost(),
    tasks: [],
    users: ['root@pam', 'holdfast@pve'].map((id) => ({ id, enable: true, expire: 0 })),
    tokens: [{ id: opsToken, privsep: true, enable: true, expire: 0 }],
    // A token has what both it and its user have.
    acl: ['holdfast@pve', opsToken].flatMap(opsRights),
    roles: rolesOf(version),
  };
}

function storagesOf(node: FirstPve['node'], { port, fingerprint }: FirstPve['pbs']): StorageEntry[] {
  const onPbs = {
    server: '127.0.0.1',
    port,
    datastore: 'tank',
    username: storageLogin,
    fingerprint,
    content: 'backup',
  };
  // On the one host it was never made, on the other somebody switched it off.
  const drifted = { ...onPbs, 'prune-backups': 'keep-all=1', disable: 1 };
  return [
    { storage: 'local', type: 'dir', options: { path: '/var/lib/vz', content: 'backup,iso,vztmpl' } },
    { storage: 'local-zfs', type: 'zfspool', options: { pool: 'rpool/data', sparse: 1, content: 'images,rootdir' } },
    { storage: 'old-pbs', type: 'pbs', options: onPbs },
    ...(node === 'hikurangi' ? [{ storage: 'pbs-pihanga', type: 'pbs', options: drifted }] : []),
  ];
}

function jobsOf(node: FirstPve['node']): BackupJob[] {
  if (node === 'ruapehu') return [];
  const options = { schedule: 'sun 04:00', enabled: 1, vmid: '201', storage: 'old-pbs', mode: 'snapshot' };
  return [{ id: 'by-hand', options }];
}

/** What managing storages and starting backups needs, and no more. */
export const opsRights = (authId: string): AclEntry[] => [
  { path: '/', authId, role: 'HoldfastHost', propagate: false },
  { path: '/nodes', authId, role: 'HoldfastNodes', propagate: true },
  { path: '/pool', authId, role: 'HoldfastPools', propagate: true },
  { path: '/storage', authId, role: 'HoldfastStorages', propagate: true },
  { path: '/vms', authId, role: 'HoldfastGuests', propagate: true },
];
