// A folder for backups whose disk is not mounted: the archive lands on the disk beneath, which is the node's own.
import type { GuestDisk } from '../../values/guest-disk.ts';
import type { GuestSeen } from '../fact-types.ts';
import {
  answerOf,
  entryNamed,
  type Learned,
  type NodeRoom,
  nameOf,
  placeOfTarget,
  type StagingJob,
} from './node-room.ts';
import { against, fitOf, freeIn, type Staged, sizeOf, unknownOf } from './staged.ts';

export function misplacedArchive(
  job: StagingJob,
  room: NodeRoom,
  guest: GuestSeen,
  disks: Learned<readonly GuestDisk[]>,
): readonly Staged[] {
  const place = job.toPbs ? 'own' : placeOfTarget(room, job.storage);
  if (place === 'own') return [];
  const { node } = room;
  const unknown = (why: string) => [unknownOf(node, guest, `an archive fits where ${job.storage} puts it`, why)];
  if (place === 'unknown') return unknown(whyUnknown(job, room));
  if ('says' in disks) return unknown(disks.says);
  const [size, free] = [sizeOf(disks.answer), room.root];
  if ('says' in size) return unknown(size.says);
  if ('says' in free) return unknown(free.says);
  const fit = fitOf(size.answer, free.answer);
  if (fit === 'fits') return [];
  const sizes = against(size.answer, free.answer);
  const archive = `the archive of ${nameOf(guest)}`;
  const common = {
    node,
    matter: `archive ${place} ${job.storage}`,
    guest: nameOf(guest),
    size: size.answer,
    remedy: remedyFor(job, node),
  };
  if (place === 'root')
    return [
      {
        ...common,
        verdict: 'tight',
        says: `${archive} goes to ${job.storage}, which lies on the root disk of ${node}, ${sizes}`,
      },
    ];
  const says =
    place === 'beneath'
      ? `no disk is mounted where ${job.storage} lies on ${node}: ${archive} lands on the root disk beneath, ${sizes}`
      : `the disk of ${job.storage} is not mounted on ${node}, and PVE writes nothing there until it is: ${archive}, ${sizes} on the root disk beneath`;
  return [{ ...common, verdict: fit, says }];
}

const remedyFor = ({ storage }: StagingJob, node: string): string =>
  `mount its disk on ${node}, and let PVE refuse it while it is not: pvesm set ${storage} --is_mountpoint yes; or choose a storage with room`;

function whyUnknown({ storage }: StagingJob, room: NodeRoom): string {
  if ('says' in room.storages) return room.storages.says;
  if (!room.storages.answer.some((one) => one.storage === storage)) return `${room.node} shows no storage ${storage}`;
  if ('says' in room.root && room.storages.answer.some((one) => one.storage === storage && one.active))
    return room.root.says;
  return `${storage} is not active on ${room.node}`;
}

/** Said once for the node, whatever its guests take. */
export function misplacedTarget(job: StagingJob, room: NodeRoom): string | undefined {
  if (job.toPbs) return undefined;
  const place = placeOfTarget(room, job.storage);
  const path = entryNamed(room, job.storage)?.path;
  const at = path === undefined ? '' : ` (${path})`;
  if (place === 'unmounted')
    return `the disk of ${job.storage}${at} is not mounted on ${room.node}: every backup to it fails until it is`;
  if (place !== 'beneath') return undefined;
  const root = answerOf(room.root);
  const free = root === undefined ? '' : `, where ${freeIn(root)}`;
  return `no disk is mounted where ${job.storage}${at} lies on ${room.node}: backups land on the root disk beneath${free}`;
}
