// All that a simulated PVE host holds. It is plain data: tests look at it and change it, the control shows it as JSON.
import type { JournalLine } from '../journal.ts';
import type { AclEntry, Token, User } from '../rights.ts';
import type { Task } from '../tasks/task.ts';

/** An entry of storage.cfg: its options are text or numbers, as the file has them. */
export type StorageEntry = {
  storage: string;
  type: string;
  options: Record<string, string | number>;
};

/** A job of jobs.cfg; property strings stay text here, the answers turn them into objects. */
export type BackupJob = { id: string; options: Record<string, string | number | readonly string[]> };

export type Guest = {
  vmid: number;
  type: 'qemu' | 'lxc';
  name: string;
  status: 'running' | 'stopped';
  template: boolean;
  tags: string;
  lock: string | undefined;
  cores: number;
  /** bytes */
  memory: number;
  disk: number;
  /** bytes: of its disks, what is really written; a guess of the lab without */
  written?: number;
  /** what stands in its file, disks and all; without, the one disk that `disk` says */
  config?: GuestConfig;
};

/** `scsi0`, `rootfs`, `mp0`, `agent`, `onboot`, ... as qm.conf and pct.conf have them. */
export type GuestConfig = Record<string, string | number>;

export type Pool = { id: string; comment: string; members: number[] };

/** A backup on a storage that is no PBS. */
export type Volume = {
  storage: string;
  volid: string;
  vmid: number;
  guest: 'qemu' | 'lxc';
  ctime: number;
  size: number;
  notes: string;
};

/** What lies behind a storage that is no PBS. */
export type Disk = {
  /** bytes */
  total: number;
  used: number;
  /** a directory whose disk is not mounted is a directory of the root file system */
  mounted: boolean;
};

/** A section of notifications.cfg. */
export type Notification = { name: string; type: string; options: Record<string, string | number | readonly string[]> };

export type PveState = {
  readonly product: 'pve';
  readonly node: string;
  readonly version: string;
  storages: StorageEntry[];
  jobs: BackupJob[];
  guests: Guest[];
  pools: Pool[];
  volumes: Volume[];
  /** by storage; figures of storages that are not named are made up, and never run full */
  disks: Record<string, Disk>;
  hardware: Readonly<{ cpus: number; memory: number; memoryUsed: number; root: { total: number; used: number } }>;
  /** /etc/vzdump.conf: `tmpdir`, `fleecing`, `ionice`, ... */
  vzdumpConf: Record<string, string | number>;
  /** units that do not run */
  stoppedServices: string[];
  journal: JournalLine[];
  notifications: { targets: Notification[]; matchers: Notification[] };
  tasks: Task[];
  users: User[];
  tokens: Token[];
  acl: AclEntry[];
  roles: Record<string, readonly string[]>;
};
