// The facts there are: what is asked, and what is answered. How each is fetched stands in observed/facts.ts, under its name.
import type { GuestDisk } from '../values/guest-disk.ts';
import type { BackupDefaults, Room, SeenStorage, StorageEntry } from '../values/room.ts';
import type { TimeZone } from '../values/time-zone.ts';

/** A guest as PVE's list of resources has it. */
export type GuestSeen = Readonly<{
  vmid: number;
  type: 'qemu' | 'lxc';
  node: string;
  name: string;
  /** `unknown`: its node is down or silent, which is not the same as stopped */
  status: string;
  template: boolean;
  pool: string | undefined;
}>;

export type SnapshotSeen = Readonly<{
  type: string;
  id: string;
  /** epoch seconds */
  time: number;
  finished: boolean;
  protected: boolean;
  owner: string;
  /** bytes; undefined without a manifest */
  size: number | undefined;
  verified: 'ok' | 'failed' | undefined;
}>;

/** A vzdump task of one node. A task for several guests names none of them. */
export type BackupTask = Readonly<{
  node: string;
  /** epoch seconds */
  startedAt: number;
  vmid: number | undefined;
}>;

export type FactTypes = {
  /** the names in one list of the server: `config/remote`, each by its `name` */
  names: { ask: Readonly<{ folder: string; id: string }>; answer: readonly string[] };
  /** guests this identity may see, of one PVE server (a node or a whole cluster) */
  guests: { ask: unknown; answer: readonly GuestSeen[] };
  /** snapshots of one namespace of a datastore */
  snapshots: { ask: Readonly<{ store: string; namespace: string }>; answer: readonly SnapshotSeen[] };
  /** the same of a namespace and of those below it, where nobody knows yet which there are; a depth of null is all of them */
  'snapshots-below': {
    ask: Readonly<{ store: string; namespace: string; depth: number | null }>;
    answer: readonly Readonly<{ namespace: string; snapshots: readonly SnapshotSeen[] }>[];
  };
  /** the zone of a server, by which its days begin and its schedules run */
  'time-zone': { ask: unknown; answer: TimeZone };
  /** backups that a PVE server or its cluster is making at this moment */
  'running-backups': { ask: unknown; answer: readonly BackupTask[] };
  /** backups of the last days that have ended, as far as the cluster still lists them */
  'ended-backups': { ask: unknown; answer: readonly (BackupTask & Readonly<{ endedAt: number }>)[] };
  /** of a node: what its /etc/vzdump.conf says */
  'backup-defaults': { ask: Readonly<{ node: string }>; answer: BackupDefaults };
  /** of a node: its root file system, where the operating system lies */
  'root-disk': { ask: Readonly<{ node: string }>; answer: Room };
  /** of a node: its storages as it sees them now */
  'seen-storages': { ask: Readonly<{ node: string }>; answer: readonly SeenStorage[] };
  /** every entry of storage.cfg */
  'storage-entries': { ask: unknown; answer: readonly StorageEntry[] };
  /** the disks and mount points in a guest's config, those that are left out of backups too */
  'guest-disks': {
    ask: Readonly<{ node: string; type: 'qemu' | 'lxc'; vmid: number }>;
    answer: readonly GuestDisk[];
  };
};
