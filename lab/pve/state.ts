// All that a simulated PVE host holds. It is plain data: tests look at it and change it, the control shows it as JSON.
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
};

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

export type PveState = {
  readonly product: 'pve';
  readonly node: string;
  readonly version: string;
  storages: StorageEntry[];
  jobs: BackupJob[];
  guests: Guest[];
  pools: Pool[];
  volumes: Volume[];
  tasks: Task[];
  users: User[];
  tokens: Token[];
  acl: AclEntry[];
  roles: Record<string, readonly string[]>;
};
