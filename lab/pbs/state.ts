// All that the simulated PBS holds. It is plain data: tests look at it and change it, the control shows it as JSON.
import type { TimeZone } from '../../src/values/time-zone.ts';
import type { AclEntry } from '../rights.ts';
import type { Task } from '../tasks/task.ts';

/** As a section of a config file has it, names in kebab-case. What is write-only is never among them. */
export type Options = Record<string, string | number | boolean | readonly string[]>;

/** A section of a config file. */
export type Section = {
  id: string;
  /** where a file has several kinds: `sendmail`, `matcher`, `influxdb-udp`, ... */
  type?: string;
  options: Options;
  /** a job: since when its schedule is as it is, epoch seconds; not in the file */
  scheduledSince?: number;
  /** a job: UPID; not in the file either */
  lastRun?: string;
};

export type Datastore = {
  name: string;
  path: string;
  comment?: string;
  /** the rest of its section in datastore.cfg: `gc-schedule`, `verify-new`, `maintenance-mode`, ... */
  options: Options;
  /** bytes of the file system it stands on */
  total: number;
  used: number;
  /** a removable store (`backing-device`): whether it is plugged in and mounted now */
  mounted?: boolean;
  /** UPID of the last garbage collection */
  lastCollection?: string;
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
  /** a chunk of it has rotted; nobody knows before it is verified */
  damaged?: boolean;
};

type GroupNotes = Pick<Snapshot, 'store' | 'namespace' | 'type' | 'id'> & { notes: string };

/** What a store left in its directory or bucket when it was removed from the config alone. */
export type Leftover = { path: string; snapshots: Snapshot[]; namespaces: string[]; total: number; used: number };

/** An S3 service somewhere, and what is in it. */
export type S3Service = {
  /** host name, as a client's `endpoint` without its buckets and regions */
  endpoint: string;
  buckets: { name: string /** the store whose marker lies in it */; inUse?: string }[];
};

export type PbsUser = {
  id: string;
  enable?: boolean;
  /** epoch seconds, 0 for never */
  expire?: number;
  comment?: string;
  firstname?: string;
  lastname?: string;
  email?: string;
};
export type PbsToken = { id: string; enable?: boolean; expire?: number; comment?: string };

export type ServiceState = { id: string; description: string; running: boolean; enabled: boolean };
export type JournalLine = { /** epoch seconds */ time: number; line: string };

/** The root of a store is always there and not listed here. */
export type Namespace = { store: string; name: string };

/** A section of prune.cfg; `store` and `schedule` are among its options. */
export type PruneJob = Section;

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
  groupNotes: GroupNotes[];
  /** directories and buckets that hold a store that no config names any more */
  leftovers: Leftover[];
  pruneJobs: PruneJob[];
  verifyJobs: Section[];
  syncJobs: Section[];
  remotes: Section[];
  trafficRules: Section[];
  s3Clients: Section[];
  encryptionKeys: Section[];
  /** endpoints and matchers that somebody wrote; the built-in ones appear here once they are changed */
  notifications: Section[];
  metricServers: Section[];
  s3Services: S3Service[];
  /** UUIDs of file systems that can be mounted as a removable store */
  devices: string[];
  /** `host:port` of servers that answer: for metrics, and for tests of notification targets */
  reachable: string[];
  services: ServiceState[];
  journal: JournalLine[];
  /** 32 hex digits that stay the same for the life of the server */
  readonly instanceId: string;
  tasks: Task[];
  users: PbsUser[];
  tokens: PbsToken[];
  acl: AclEntry[];
  roles: Record<string, readonly string[]>;
};
