// Where vzdump copies a container to: the node's own `tmpdir` counts before everything; else /var/tmp for a PBS, and for a file
// storage the folder of the archive, if its file system is one of a few, or /var/tmp (facts: pve-api section 5).
import type { Room } from '../../values/room.ts';
import { stagesBeside } from '../../values/storage-type.ts';
import {
  answerOf,
  entryNamed,
  isOnRoot,
  type Learned,
  type NodeRoom,
  roomOn,
  type StagingJob,
  seenStorage,
} from './node-room.ts';

export type StagingPlace = Readonly<{
  path: string;
  /** ` on the root disk` */
  on: string;
  /** on NFS the copy has no ACLs and no extended attributes */
  onNfs: boolean;
  room: Learned<Room>;
}>;

/** More than one where only the node itself knows which it will be. */
export function placesFor(job: StagingJob, room: NodeRoom): Learned<readonly StagingPlace[]> {
  if ('says' in room.defaults) return room.defaults;
  const { tmpdir } = room.defaults.answer;
  if (tmpdir !== undefined) return { answer: [placeAt(room, tmpdir)] };
  const root = placeAt(room, '/var/tmp');
  if (job.toPbs) return { answer: [root] };
  const target = seenStorage(room, job.storage);
  if (target === undefined)
    return 'says' in room.storages ? room.storages : { says: `${room.node} shows no storage ${job.storage}` };
  const path = `${entryNamed(room, job.storage)?.path ?? `/mnt/pve/${job.storage}`}/dump`;
  const beside = {
    path,
    onNfs: target.type === 'nfs',
    on: isOnRoot(room, target) ? ' on the root disk' : ` on ${job.storage}`,
    room: roomOn(room, job.storage),
  };
  // What file system a folder has, PVE tells nobody.
  if (target.type === 'dir') return { answer: [beside, root] };
  return { answer: [stagesBeside.has(target.type) ? beside : root] };
}

/** A folder of another's choice: where it is one of a storage, that tells how much is free. */
function placeAt(room: NodeRoom, path: string): StagingPlace {
  if (isBelow(path, '/var/tmp')) return { path, on: ' on the root disk', onNfs: false, room: room.root };
  const entry = answerOf(room.entries)
    ?.filter((one) => one.path !== undefined && isBelow(path, one.path))
    .sort((one, other) => (other.path ?? '').length - (one.path ?? '').length)[0];
  if (entry !== undefined)
    return { path, on: ` on ${entry.storage}`, onNfs: entry.type === 'nfs', room: roomOn(room, entry.storage) };
  return {
    path,
    on: '',
    onNfs: false,
    room: { says: `PVE does not tell how much is free in ${path}, the tmpdir of /etc/vzdump.conf` },
  };
}

const isBelow = (path: string, folder: string): boolean => `${path}/`.startsWith(`${folder.replace(/\/+$/, '')}/`);
