// Where points go: whether it is there, is what it is taken for, and has room.
import { dirname } from 'node:path';
import { Fault } from '../../../fault.ts';
import type { FileInfo, Files, Machine } from '../../../machines/machine.ts';
import { bytes, formatSize } from '../../../values/size.ts';
import { shown } from '../../../values/text.ts';
import { isMounted } from '../mounted.ts';
import type { PointEntry } from './entry.ts';
import { layerFolder } from './places.ts';

export type Destined = Pick<PointEntry, 'to' | 'name' | 'mounted_at'>;

/**
 * An unmounted disk leaves an empty folder on the root disk, or none: both are told apart from a new destination.
 *
 * @param machine the one that the points lie on
 */
export async function checkDestination(machine: Machine, entry: Destined): Promise<void> {
  const { to, mounted_at } = entry;
  if (mounted_at !== undefined && !(await isMounted(machine, mounted_at)))
    throw new Fault('destination-not-mounted', {
      where: shown(to),
      says: `nothing is mounted at ${shown(mounted_at)}`,
      remedy: `mount the disk there (\`mount ${shown(mounted_at)}\`), then run it again`,
    });
  for (const folder of [to, layerFolder(entry)]) {
    const found = await machine.files.info(folder);
    if (found !== undefined && found.type !== 'folder') throw notAFolder(folder, found.type);
    if (found !== undefined && isOpen(found)) throw openToAll(folder);
    if (found === undefined && folder === to) await checkParent(machine.files, to);
  }
}

/**
 * For points that hold secrets: nobody but their owner may look into the layer's folder, which keeps him from all that is in
 * it. Where it is still to be made, that is looked at again when it is there: a share may give every folder a mode of its own.
 */
export async function checkPrivate(machine: Machine, entry: Destined): Promise<void> {
  const folder = layerFolder(entry);
  const found = await machine.files.info(folder);
  if (found === undefined || (found.mode & 0o077) === 0) return;
  throw new Fault('destination-not-private', {
    where: shown(folder),
    says: `others than its owner may look into it (mode ${found.mode.toString(8)}), and these points hold secrets`,
    remedy: `\`chmod go= ${shown(folder)}\`; for a share, mount it so that only its owner may (dir_mode=0700)`,
  });
}

async function checkParent(files: Files, to: string): Promise<void> {
  if ((await files.info(dirname(to)))?.type === 'folder') return;
  throw new Fault('destination-missing', {
    where: shown(to),
    says: `neither it nor ${shown(dirname(to))} is there`,
    remedy: 'mount the disk it lies on, or make the folder if it is new',
  });
}

/** Whoever may write there could put a folder of his own in the place of a restore point. */
const isOpen = ({ mode }: FileInfo): boolean => (mode & 0o002) !== 0;

const openToAll = (folder: string): Fault =>
  new Fault('destination-open-to-all', {
    where: shown(folder),
    says: 'everybody on the machine may write into it, and so could swap restore points',
    remedy: `\`chmod o-w ${shown(folder)}\`; for a share, mount it so that only its owner may write (dir_mode=0700)`,
  });

const notAFolder = (folder: string, type: string): Fault =>
  new Fault('destination-not-a-folder', {
    where: shown(folder),
    says: `it is a ${type}, not a folder`,
    remedy: 'look at who made it; in `to`, give the folder itself',
  });

/** Before anything moves: a copy that does not fit would fill the disk for everybody else there first. */
export async function checkRoom(files: Files, folder: string, need: number): Promise<void> {
  const existing = await nearestThere(files, folder);
  const { free } = await files.space(existing);
  if (free >= need) return;
  throw new Fault('no-room', {
    where: shown(folder),
    says: `${formatSize(bytes(need))} are needed, ${formatSize(bytes(free))} are free`,
    remedy: 'free some space there, keep fewer points, or use a larger disk',
  });
}

async function nearestThere(files: Files, folder: string): Promise<string> {
  let candidate = folder;
  while ((await files.info(candidate)) === undefined && dirname(candidate) !== candidate)
    candidate = dirname(candidate);
  return candidate;
}
