// Fleecing keeps what a VM overwrites during its backup: on thick storage an image takes the whole size of its disk at once, on
// thin storage it grows to that at worst. EFI and TPM disks are left out (facts: pve-api section 5).
import type { GuestDisk } from '../../values/guest-disk.ts';
import { formatSize } from '../../values/size.ts';
import { isThick } from '../../values/storage-type.ts';
import type { GuestSeen } from '../fact-types.ts';
import {
  entryNamed,
  fleecingOf,
  type Learned,
  type NodeRoom,
  nameOf,
  roomOn,
  type StagingJob,
  seenStorage,
} from './node-room.ts';
import { fitOf, freeIn, type Staged, sizeOf, unknownOf } from './staged.ts';
import { isFleeced } from './staging-asks.ts';

export function fleecedVm(
  job: StagingJob,
  room: NodeRoom,
  guest: GuestSeen,
  disks: Learned<readonly GuestDisk[]>,
): readonly Staged[] {
  const storage = fleecingOf(job, room);
  if (storage === undefined || !isFleeced(storage, guest)) return [];
  const unknown = (why: string) => [unknownOf(room.node, guest, `the images of fleecing fit on ${storage}`, why)];
  if ('says' in disks) return unknown(disks.says);
  const size = sizeOf(disks.answer.filter(({ key }) => !/^(?:efidisk|tpmstate)/.test(key)));
  const free = roomOn(room, storage);
  if ('says' in size) return unknown(size.says);
  if ('says' in free) return unknown(free.says);
  const fit = fitOf(size.answer, free.answer);
  if (fit === 'fits') return [];
  const thick = thicknessOf(room, storage);
  const type = seenStorage(room, storage)?.type ?? 'unknown';
  if (thick === undefined)
    return unknown(
      `${storage} is of type ${type}: nobody knows whether its disks are thin; ${formatSize(size.answer)} and ${freeIn(free.answer)}`,
    );
  // Thin, it takes what is overwritten: that this is everything is the worst case, and no reason for a word about a close fit.
  if (!thick && fit === 'tight') return [];
  const takes = thick ? 'takes' : 'takes at the worst';
  const why = thick
    ? `${type}, where an image takes the whole size of its disk at once`
    : `${type}, where it grows with what is overwritten meanwhile`;
  return [
    {
      verdict: thick ? fit : 'tight',
      ...{ node: room.node, matter: `fleecing ${storage}`, guest: nameOf(guest), size: size.answer },
      says: `fleecing of ${nameOf(guest)} on ${room.node} ${takes} ${formatSize(size.answer)} on ${storage} (${why}), and ${freeIn(free.answer)} there`,
      remedy: 'fleece on a thin storage with room for it, or leave `fleecing` out',
    },
  ];
}

/** Types with `sparse` or `preallocation` are told by their entry, the others by the type alone. */
function thicknessOf(room: NodeRoom, storage: string): boolean | undefined {
  const entry = entryNamed(room, storage);
  const type = seenStorage(room, storage)?.type;
  if (entry !== undefined || type === undefined) return entry?.thick;
  return ['lvm', 'lvmthin', 'rbd', 'btrfs'].includes(type)
    ? isThick(type, { sparse: false, preallocation: undefined })
    : undefined;
}
