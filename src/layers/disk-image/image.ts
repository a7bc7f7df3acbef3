// The image itself: a regular file with something in it, the same from its mount to the end of the copy.
import { Fault } from '../../fault.ts';
import type { FileInfo, Machine } from '../../machines/machine.ts';
import { type Digest, digestOf } from '../../values/canonical.ts';
import { shown } from '../../values/text.ts';
import type { ImageState } from './given.ts';
import type { DiskImageEntry } from './schema.ts';

/**
 * What the plan relies on: that there is an image. Which one, and when it was last written to, may change until it is
 * mounted; only from then on it must hold still.
 */
export const thereIsAnImage: Digest = digestOf('a regular file with something in it');
const isAnImage = (found: FileInfo | undefined): boolean => found?.type === 'file' && found.size > 0;

export async function checkImage(machine: Machine, { image }: Pick<DiskImageEntry, 'image'>): Promise<ImageState> {
  const found = await machine.files.info(image);
  if (found !== undefined && isAnImage(found)) return stateOf(found);
  throw new Fault('image-missing', {
    where: shown(image),
    says: `${whyNot(found)}; nothing was copied, and nothing was removed`,
    remedy: 'mount the disk it lies on, or correct `image` in the estate',
  });
}

function whyNot(found: FileInfo | undefined): string {
  if (found === undefined) return 'there is no such file';
  if (found.type === 'link') return `it is a symbolic link to ${shown(found.target ?? '')}: give that path itself`;
  return found.type === 'file' ? 'the file is empty' : `it is a ${found.type}, not a file`;
}

const stateOf = ({ size, modified, device, inode }: FileInfo): ImageState => ({ size, modified, device, inode });

/** A file that changes below its mounted file system gives an archive of neither its old nor its new state. */
export async function checkUnchanged(machine: Machine, image: string, before: ImageState): Promise<void> {
  const found = await machine.files.info(image);
  if (found !== undefined && digestOf(stateOf(found)) === digestOf(before)) return;
  throw new Fault('image-changed-while-read', {
    where: shown(image),
    says: found === undefined ? 'it vanished while it was copied' : 'something wrote to it while it was copied',
    remedy: 'shut down the guest that uses it, or protect a snapshot of it; then run it again',
  });
}
