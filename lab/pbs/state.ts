// All that the simulated PBS holds. It is plain data: tests look at it and change it, the control shows it as JSON.
import type { TimeZone } from '../../src/values/time-zone.ts';
import type { AclEntry, Token, User } from '../rights.ts';
import type { Task } from '../tasks/task.ts';

/** As a section of a config file has it, names in kebab-case. */
export type Options = Record<string, string | number | boolean>;

export type Datastore = {
  name: string;
  path: string;
  comment?: string;
  /** the rest of its section in datastore.cfg: `gc-schedule`, `verify-new`, `maintenance-mode`, ... */
  options: Options;
  /** bytes of the file system it stands on */
  total: number;
  used: number;
};

export type BackupType = 'vm' | 'ct' | 'host';
export type CryptMode = 'none' | 'encrypt' | 'sign-only';
export type SnapshotFile = { filename: string; size: number; 'crypt-mode': CryptMode };

export type Snapshot = {
  store: string;
  /** the slash name, empty for the root */
  namespace: string;
  type: BackupType;
  id: string;
  /** epoch seconds */
  time: number;
  /** bytes */
  size: number;
  owner: string;
  protected: boolean;
  /** false: its backup is still at work, or broke off; then it has no manifest */
  finished: boolean;
  files: SnapshotFile[];
  comment?: string;
  verification?: { state: 'ok' | 'failed'; upid: string };
};

/** The root of a store is always there and not listed here. */
export type Namespace = { store: string; name: string };

/** A section of prune.cfg; `store` and `schedule` are among its options. */
export type PruneJob = {
  id: string;
  options: Options;
  /** since when its schedule is as it is, epoch seconds; not in the file */
  scheduledSince?: number;
  /** UPID; not in the file either */
  lastRun?: string;
};

export type PbsState = {
  readonly product: 'pbs';
  readonly node: string;
  /** as `4.2.3` */
  readonly version: string;
  /** whose midnight parts the days of a prune */
  timeZone: TimeZone;
  datastores: Datastore[];
  snapshots: Snapshot[];
  namespaces: Namespace[];
  pruneJobs: PruneJob[];
  tasks: Task[];
  users: User[];
  tokens: Token[];
  acl: AclEntry[];
  roles: Record<string, readonly string[]>;
};
