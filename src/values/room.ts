// How much room there is where a backup could put something, as one node of PVE tells it.
import type { Size } from './size.ts';

export type Room = Readonly<{ total: Size; used: Size; available: Size }>;

/** A storage as one node sees it now; without a room where the node cannot tell. */
export type SeenStorage = Readonly<{ storage: string; type: string; active: boolean; room: Room | undefined }>;

/** What storage.cfg says of it, on every node. */
export type StorageEntry = Readonly<{
  storage: string;
  type: string;
  /** of file storages */
  path: string | undefined;
  /** PVE refuses the storage while nothing is mounted there */
  mountDemanded: boolean;
  /** a disk gets its whole size at once; undefined where the type is not known */
  thick: boolean | undefined;
}>;

/** What the node's /etc/vzdump.conf says for backups that do not say it themselves. */
export type BackupDefaults = Readonly<{ tmpdir: string | undefined; fleecing: string | undefined }>;
