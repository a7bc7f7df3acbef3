// Hosts in memory for the tests of the host checks: a sound PVE host and a sound PBS host, to be spoilt in one place at a time.
import type { Finding } from '../model/finding.ts';
import type {
  BackupJob,
  GuestDisk,
  HostFacts,
  HostGuest,
  HostStorage,
  PbsFacts,
  PbsPoint,
  PruneJob,
  PveFacts,
  VerifyJob,
} from '../model/host.ts';
import type { Instant } from '../values/instant.ts';
import { gibibytes } from '../values/size.ts';

export const now = '2026-02-25T12:00:00.000Z' as Instant;
export const at = '2026-02-25T11:59:58.000Z' as Instant;
const from = (source: string) => ({ source, at });

export const disk = (more: Partial<GuestDisk> = {}): GuestDisk => ({
  ...{ key: 'scsi0', value: 'thin:vm-100-disk-0,size=32G', volume: 'thin:vm-100-disk-0', storage: 'thin' },
  ...{ size: gibibytes(32), leftOut: undefined },
  ...more,
});

export const vm = (vmid: number, more: Partial<HostGuest> = {}): HostGuest => ({
  ...{
    kind: 'vm',
    vmid,
    name: `guest${vmid}`,
    node: 'ruapehu',
    template: false,
    running: true,
    macs: [],
    addresses: [],
  },
  ...{ disks: [disk()], ...from(`/etc/pve/nodes/ruapehu/qemu-server/${vmid}.conf`) },
  ...more,
});
export const ct = (vmid: number, more: Partial<HostGuest> = {}): HostGuest =>
  vm(vmid, { kind: 'ct', disks: [disk({ key: 'rootfs', size: gibibytes(8) })], ...more });

export const storage = (name: string, more: Partial<HostStorage> = {}): HostStorage => ({
  ...{
    name,
    type: 'dir',
    content: ['backup'],
    nodes: undefined,
    disabled: false,
    path: undefined,
    mountDemanded: false,
  },
  ...{ thick: false, snapshots: false, retention: undefined, free: gibibytes(1000), pbs: undefined },
  ...from('/etc/pve/storage.cfg'),
  ...more,
});
export const thin = storage('thin', { type: 'lvmthin', content: ['images', 'rootdir'], snapshots: true });
export const pbs = (
  more: Partial<HostStorage> = {},
  home: Partial<NonNullable<HostStorage['pbs']>> = {},
): HostStorage =>
  storage('pbs1', {
    type: 'pbs',
    retention: { text: 'keep-all=1', keepsAll: true },
    pbs: {
      ...{ server: '10.0.0.9', datastore: 'tank', namespace: '', home: { at: 'elsewhere', because: 'seen' } },
      ...home,
    },
    ...more,
  });

export const job = (id: string, more: Partial<BackupJob> = {}): BackupJob => ({
  ...{ id, enabled: true, node: undefined, selection: { by: 'all', except: [] }, takes: [100, 200], storage: 'pbs1' },
  ...{
    dumpdir: undefined,
    mode: 'snapshot',
    retention: undefined,
    removes: true,
    fleecing: undefined,
    tmpdir: undefined,
  },
  ...from('/etc/pve/jobs.cfg'),
  ...more,
});

export const pveHost = (more: Partial<PveFacts> = {}): HostFacts => ({
  at,
  node: 'ruapehu',
  pve: {
    ...{
      version: '9.1.4',
      guests: [vm(100), ct(200)],
      storages: [thin, pbs()],
      jobs: [job('nightly')],
      oldStyleJobs: 0,
    },
    vzdump: { retention: undefined, ...from('/etc/vzdump.conf') },
    folders: [
      { path: '/var/tmp', mountPoint: '/', fileSystem: 'ext4', free: gibibytes(20), ...from('/proc/self/mountinfo') },
    ],
    ...more,
  },
  pbs: undefined,
  unread: [],
});

export const point = (group: string, takenAt: string, more: Partial<PbsPoint> = {}): PbsPoint => ({
  ...{ group, takenAt: takenAt as Instant, finished: true },
  verified: { state: 'ok', at: '2026-02-21T18:15:00.000Z' as Instant },
  ...more,
});
export const pruneJob = (id: string, more: Partial<PruneJob> = {}): PruneJob => ({
  ...{ id, store: 'tank', namespace: '', depth: undefined, enabled: true, keeps: 'keep-daily=7' },
  ...from('/etc/proxmox-backup/prune.cfg'),
  ...more,
});
export const verifyJob = (more: Partial<VerifyJob> = {}): VerifyJob => ({
  ...{ id: 'weekly', store: 'tank', namespace: '', depth: undefined, againAfter: 30 },
  ...{ last: '2026-02-21T18:15:00.000Z' as Instant, next: '2026-02-28T18:15:00.000Z' as Instant },
  ...from('proxmox-backup-debug api get /admin/verify'),
  ...more,
});
export const pbsHost = (points: readonly PbsPoint[], more: Partial<PbsFacts> = {}): HostFacts => ({
  at,
  node: 'pihanga',
  pve: undefined,
  pbs: {
    version: '4.2.1-1',
    stores: [{ name: 'tank', path: '/mnt/tank', verifiesNew: false, ...from('/etc/proxmox-backup/datastore.cfg') }],
    ...{ pruneJobs: [pruneJob('daily')], verifyJobs: [verifyJob()] },
    namespaces: [{ store: 'tank', namespace: '', points, ...from('proxmox-backup-debug api get snapshots') }],
    ...more,
  },
  unread: [],
});

/** `critical guest/ruapehu/105`, as a list to compare with. */
export const seen = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ severity, subject }) => `${severity} ${subject}`);
