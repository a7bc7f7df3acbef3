// What a kernel says about a file, as a fault an operator can act on; the same of every machine.
import { Fault } from '../fault.ts';
import { bytes, formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';

export type Room = Readonly<{ free: number; total: number }>;

const known: Readonly<Record<string, readonly [code: string, says: string, remedy: string]>> = {
  ENOENT: ['file-missing', 'there is no such file or folder', 'check the path, and that its disk is mounted'],
  ENOTDIR: ['file-missing', 'a part of the path is no folder', 'check the path'],
  EACCES: ['file-forbidden', 'permission was denied', 'run Holdfast as a user who may do this'],
  EPERM: ['file-forbidden', 'the operation is not permitted', 'run Holdfast as a user who may do this'],
  EEXIST: ['file-exists', 'it is there already', 'look at what it is, and move it away if nobody needs it'],
  ELOOP: ['file-is-link', 'it is a symbolic link where none is expected', 'look at who made the link, and remove it'],
  EROFS: [
    'disk-read-only',
    'the file system is read-only',
    'see the kernel log (dmesg) for why, then mount it writable',
  ],
  EXDEV: ['disk-crossed', 'both names must lie on one file system', 'choose paths on the same disk'],
  EIO: ['disk-error', 'the disk gave an input/output error', 'see the kernel log (dmesg), and check the disk'],
  EMFILE: ['too-many-files', 'too many files are open', 'raise the limit of open files (ulimit -n) and try again'],
};

/** @param says what to say of an error that has no words of its own here */
export async function faultOf(
  errno: string | undefined,
  path: string,
  says: string,
  room: () => Promise<Room | undefined>,
  cause?: unknown,
): Promise<Fault> {
  const where = shown(path);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    const full = errno === 'EDQUOT' ? 'the quota is used up' : 'the disk has no room left';
    const remedy = 'free some space there, then run it again';
    return new Fault('disk-full', { where, says: `${full} (${figures(await room())})`, remedy, cause });
  }
  const [name, words, remedy] = known[errno ?? ''] ?? ['file-error', says, 'see the kernel log (dmesg) of the machine'];
  return new Fault(name, { where, says: words, remedy, cause });
}

const figures = (room: Room | undefined): string =>
  room === undefined
    ? 'how much is free could not be read'
    : `${formatSize(bytes(room.free))} of ${formatSize(bytes(room.total))} are free`;
