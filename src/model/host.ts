// What one PVE or PBS host says of itself, read from within and without any estate. What is configured is read from its files,
// what is live is asked of its own programs. Every fact has its source and time; what could not be read stands in `unread`,
// and a collection that is undefined is unknown, which is not the same as empty.
import type { FaultRecord } from '../fault.ts';
import type { GuestDisk } from '../values/guest-disk.ts';
import type { Instant } from '../values/instant.ts';
import type { Size } from '../values/size.ts';
import { shown } from '../values/text.ts';

export type { GuestDisk, LeftOut } from '../values/guest-disk.ts';

export type Sourced = Readonly<{ source: string; at: Instant }>;

/** Something that could not be read, and the questions that stay open because of it. */
export type Unread = Sourced & Readonly<{ fault: FaultRecord; hides: string }>;

export type HostGuest = Sourced &
  Readonly<{
    kind: 'vm' | 'ct';
    vmid: number;
    name: string;
    node: string;
    template: boolean;
    running: boolean | undefined;
    disks: readonly GuestDisk[];
    /** of its network cards, lower case */
    macs: readonly string[];
    /** of which it is known that they are its own; rarely all of them */
    addresses: readonly string[];
  }>;

/** A `prune-backups` as it stands there. */
export type Retention = Readonly<{ text: string; keepsAll: boolean }>;

/** Where the PBS behind a storage entry runs, and what shows it. */
export type PbsHome =
  | Readonly<{ at: 'guest'; vmid: number; because: string }>
  | Readonly<{ at: 'this host' | 'elsewhere' | 'unknown'; because: string }>;

export type HostStorage = Sourced &
  Readonly<{
    name: string;
    type: string;
    content: readonly string[];
    /** undefined: every node */
    nodes: readonly string[] | undefined;
    disabled: boolean;
    /** of file storages */
    path: string | undefined;
    /** PVE refuses the storage while this is not mounted */
    mountDemanded: boolean;
    /** a disk gets its whole size at once; undefined where the type is not known */
    thick: boolean | undefined;
    /** containers on it can be snapshotted; undefined where the type is not known */
    snapshots: boolean | undefined;
    retention: Retention | undefined;
    /** free bytes as this node sees them, undefined where it does not say */
    free: Size | undefined;
    pbs: Readonly<{ server: string; datastore: string; namespace: string; home: PbsHome }> | undefined;
  }>;

export type BackupMode = 'snapshot' | 'suspend' | 'stop';

export type BackupSelection =
  | Readonly<{ by: 'all'; except: readonly number[] }>
  | Readonly<{ by: 'list'; vmids: readonly number[] }>
  | Readonly<{ by: 'pool'; pool: string }>;

/** A job of `jobs.cfg`, with what `/etc/vzdump.conf` of this node adds to it. */
export type BackupJob = Sourced &
  Readonly<{
    id: string;
    enabled: boolean;
    /** undefined: each node backs up its own guests */
    node: string | undefined;
    selection: BackupSelection;
    /** undefined where it goes by a pool whose members could not be read */
    takes: readonly number[] | undefined;
    /** undefined where it goes into the folder `dumpdir` */
    storage: string | undefined;
    dumpdir: string | undefined;
    mode: BackupMode;
    /** its own; the storage's, then vzdump.conf's, count where it has none */
    retention: Retention | undefined;
    /** whether what its retention no longer keeps is removed */
    removes: boolean;
    fleecing: string | undefined;
    tmpdir: string | undefined;
  }>;

/** A folder something is staged in or written to, and the file system it lies on. */
export type HostFolder = Sourced &
  Readonly<{ path: string; mountPoint: string; fileSystem: string; free: Size | undefined }>;

export type PveFacts = Readonly<{
  version: string | undefined;
  guests: readonly HostGuest[] | undefined;
  storages: readonly HostStorage[] | undefined;
  jobs: readonly BackupJob[] | undefined;
  /** lines of the old `vzdump.cron`, whose jobs are not among `jobs` */
  oldStyleJobs: number;
  vzdump: (Sourced & Readonly<{ retention: Retention | undefined }>) | undefined;
  folders: readonly HostFolder[];
}>;

export type PruneJob = Sourced &
  Readonly<{
    id: string;
    store: string;
    namespace: string;
    /** undefined: to any depth */
    depth: number | undefined;
    enabled: boolean;
    keeps: string;
  }>;

export type VerifyJob = Sourced &
  Readonly<{
    id: string;
    store: string;
    namespace: string;
    depth: number | undefined;
    /** days after which a verified point is verified again; undefined: never again */
    againAfter: number | undefined;
    /** while it runs, the time it was asked */
    next: Instant | undefined;
    /** the start of its last run that has ended, however it ended */
    last: Instant | undefined;
  }>;

export type PbsPoint = Readonly<{
  /** `vm/100` */
  group: string;
  takenAt: Instant;
  /** a backup that is still running, or was broken off, is no restore point */
  finished: boolean;
  verified: Readonly<{ state: string; at: Instant | undefined }> | undefined;
}>;

export type PbsNamespace = Sourced & Readonly<{ store: string; namespace: string; points: readonly PbsPoint[] }>;
export type PbsStore = Sourced & Readonly<{ name: string; path: string; verifiesNew: boolean }>;

export type PbsFacts = Readonly<{
  version: string | undefined;
  stores: readonly PbsStore[] | undefined;
  pruneJobs: readonly PruneJob[] | undefined;
  verifyJobs: readonly VerifyJob[] | undefined;
  namespaces: readonly PbsNamespace[];
}>;

export type HostFacts = Readonly<{
  at: Instant;
  node: string;
  pve: PveFacts | undefined;
  pbs: PbsFacts | undefined;
  unread: readonly Unread[];
}>;

const kinds = { vm: 'VM', ct: 'CT' } as const;
/** `VM 105 (web)` */
export const nameOf = (guest: HostGuest): string => `${kinds[guest.kind]} ${guest.vmid} (${shown(guest.name)})`;

/** Whether a job for this namespace, to that depth, reaches that one. Below the root, PBS allows seven levels. */
export function reaches(job: Readonly<{ namespace: string; depth: number | undefined }>, namespace: string): boolean {
  const inside = job.namespace === '' || namespace === job.namespace || namespace.startsWith(`${job.namespace}/`);
  return inside && levelOf(namespace) - levelOf(job.namespace) <= (job.depth ?? 7);
}
const levelOf = (namespace: string): number => (namespace === '' ? 0 : namespace.split('/').length);
