// What the kernel of this machine says about a file, as a fault an operator can act on.
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, type FaultParts } from '../fault.ts';
import { bytes, formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';

export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

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

export async function fileFault(error: unknown, path: string): Promise<Fault> {
  if (error instanceof Fault) return error;
  const code = errnoOf(error);
  const where = shown(path);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(where, path, code, error);
  const [name, says, remedy] = known[code ?? ''] ?? [
    'file-error',
    error instanceof Error ? error.message : String(error),
    'see the kernel log (dmesg) of the machine',
  ];
  return new Fault(name, { where, says, remedy, cause: error });
}

async function diskFull(where: string, path: string, code: 'ENOSPC' | 'EDQUOT', cause: unknown): Promise<Fault> {
  const figures = await statfs(dirname(path)).then(
    ({ bavail, blocks, bsize }) =>
      `${formatSize(bytes(bavail * bsize))} of ${formatSize(bytes(blocks * bsize))} are free`,
    () => 'how much is free could not be read',
  );
  const says = code === 'EDQUOT' ? `the quota is used up (${figures})` : `the disk has no room left (${figures})`;
  const parts: FaultParts = { where, says, remedy: 'free some space there, then run it again', cause };
  return new Fault('disk-full', parts);
}
