// A container that is copied whole before it goes anywhere: in suspend mode, and in snapshot mode where one of its volumes
// cannot be snapshotted, since vzdump then falls back to suspend by itself (facts: pve-api section 5, staging on local disk).
import type { GuestDisk } from '../../values/guest-disk.ts';
import { formatSize, type Size } from '../../values/size.ts';
import { traitsOf } from '../../values/storage-type.ts';
import type { GuestSeen } from '../fact-types.ts';
import { type Learned, type NodeRoom, nameOf, type StagingJob, seenStorage } from './node-room.ts';
import { against, fitOf, freeIn, type Staged, sizeOf, unknownOf } from './staged.ts';
import { isCopied } from './staging-asks.ts';
import { placesFor, type StagingPlace } from './staging-place.ts';

const matter = 'what is copied of a container fits';

export function copiedContainer(
  job: StagingJob,
  room: NodeRoom,
  guest: GuestSeen,
  disks: Learned<readonly GuestDisk[]>,
): readonly Staged[] {
  if (!isCopied(job, guest)) return [];
  const unknown = (why: string) => [unknownOf(room.node, guest, matter, why)];
  const why = reasonFor(job, room, disks);
  if (why === undefined) return [];
  if ('says' in why) return unknown(why.says);
  if ('says' in disks) return unknown(disks.says);
  const size = sizeOf(disks.answer);
  if ('says' in size) return unknown(size.says);
  const places = placesFor(job, room);
  if ('says' in places) return unknown(places.says);
  return judged(room, guest, { ...why, size: size.answer }, places.answer);
}

type Reason = Readonly<{ because: string; remedy: string }>;

/** Undefined where it is not copied; `says` where that cannot be told. */
function reasonFor(
  job: StagingJob,
  room: NodeRoom,
  disks: Learned<readonly GuestDisk[]>,
): Reason | Readonly<{ says: string }> | undefined {
  if (job.mode === 'suspend')
    return { because: 'the mode is suspend', remedy: 'in mode: snapshot, where its volumes have snapshots' };
  if ('says' in disks) return disks;
  if ('says' in room.storages) return room.storages;
  const taken = disks.answer.filter(({ leftOut }) => leftOut === undefined);
  const kinds = taken.map(({ key, storage = '' }) => {
    const type = seenStorage(room, storage)?.type;
    return { key, storage, type, snapshots: type === undefined ? undefined : traitsOf(type)?.snapshots };
  });
  const without = kinds.find(({ snapshots }) => snapshots === false);
  if (without !== undefined)
    return {
      because: `its ${without.key} lies on ${without.storage} (${without.type}), which has no snapshots, so vzdump falls back to suspend mode`,
      remedy: `move its ${without.key} to a storage with snapshots`,
    };
  const strange = kinds.find(({ snapshots }) => snapshots === undefined);
  if (strange === undefined) return undefined;
  const type = strange.type === undefined ? 'which the node does not show' : `of type ${strange.type}`;
  return { says: `its ${strange.key} lies on ${strange.storage}, ${type}: nobody knows whether that has snapshots` };
}

type Copy = Reason & Readonly<{ size: Size }>;

function judged(room: NodeRoom, guest: GuestSeen, copy: Copy, places: readonly StagingPlace[]): readonly Staged[] {
  const { size, because } = copy;
  const told = places.map(({ room: there }) => ('says' in there ? there : fitOf(size, there.answer)));
  const name = nameOf(guest);
  if (told.every((fit) => fit === 'fits'))
    return places.filter(({ onNfs }) => onNfs).map(({ path }) => lossy(room, name, path));
  const unknown = (why: string) => [unknownOf(room.node, guest, matter, why)];
  const blind = told.find((fit) => typeof fit === 'object');
  if (blind !== undefined) return unknown(blind.says);
  const tooSmall = told.filter((fit) => fit === 'too small').length;
  if (tooSmall > 0 && tooSmall < told.length) return unknown(eitherOf(size, places));
  const [widest] = places
    .flatMap(({ path, on, room: there }) => ('answer' in there ? [{ path, on, room: there.answer }] : []))
    .sort((one, other) => other.room.available - one.room.available);
  if (widest === undefined) return [];
  const says = `${name} on ${room.node} is copied whole to ${widest.path}${widest.on}, ${against(size, widest.room)}: ${because}`;
  const common = {
    ...{ node: room.node, guest: name, size, matter: `copy ${widest.path}` },
    remedy: `take it in mode: stop; or ${copy.remedy}; or set a tmpdir with room for it in /etc/vzdump.conf of ${room.node}`,
  };
  if (tooSmall === 0) return [{ ...common, verdict: 'tight', says }];
  // One that does not run is read where it is; by the next run it may.
  if (guest.status !== 'running')
    return [{ ...common, verdict: 'tight', says: `${says}; it is copied only while it runs` }];
  return [{ ...common, verdict: 'too small', says }];
}

const lossy = ({ node }: NodeRoom, guest: string, path: string): Staged => ({
  ...{ verdict: 'tight', node, guest, size: 0, matter: `lossy ${path}`, remedy: '' },
  says: `${guest} on ${node} is copied whole to ${path}, which is NFS: its backup has no ACLs and no extended attributes`,
});

const eitherOf = (size: Size, places: readonly StagingPlace[]): string =>
  `it takes up to ${formatSize(size)}, and goes to ${places
    .map(({ path, room }) => `${path} (${'answer' in room ? freeIn(room.answer) : 'unknown'})`)
    .join(' or to ')}, by the file system of the first`;
