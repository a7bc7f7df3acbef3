// A secret in a file, and in a credential of the unit, which is one too. The file is looked at after it was opened, so that
// nobody can put another in its place between the look and the reading.
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type SecretReference, secretFileProblem } from '../values/secret-reference.ts';
import { inFolders } from '../values/secret-rules.ts';
import { secretFault } from './faults.ts';
import { mostBytes } from './text.ts';

export type FileRules = Readonly<{
  /** the user this process runs as */
  user: number;
  readers: 'owner' | 'owner and group';
  folders: readonly string[] | undefined;
}>;

/** The path without a link on the way; as it is where its folder is not there. */
export const realFile = async (file: string): Promise<string> =>
  join(await realpath(dirname(file)).catch(() => dirname(file)), basename(file));

// Files of the kernel: `/proc/self/environ` holds every secret of this process, and looks like a file with one.
const ofTheKernel = /^\/(?:proc|sys)(?:\/|$)/;

export async function secretInFile(file: string, reference: SecretReference, rules: FileRules): Promise<Uint8Array> {
  const missing = secretFault(
    'secret-missing',
    reference,
    `there is no file ${file}`,
    'write the secret into it, alone, and run chmod 600 on it',
  );
  const folder = await realpath(dirname(file)).catch(() => undefined);
  if (folder === undefined) throw missing;
  const exposed = (says: string) =>
    secretFault('secret-exposed', reference, says, 'put it right, then run the command again');
  if (!inFolders(join(folder, basename(file)), rules.folders))
    throw secretFault(
      'secret-refused',
      reference,
      `it really lies in ${folder}`,
      'move it into one of secret_folders of the guard file',
    );
  if (ofTheKernel.test(folder))
    throw secretFault('secret-refused', reference, 'it is made by the kernel', 'keep the secret in a file of its own');
  const foreign = await foreignFolder(folder, rules.user);
  if (foreign !== undefined)
    throw exposed(`${foreign} can be changed by others, who could put another file in its place`);
  const handle = await opened(join(folder, basename(file)), reference);
  if (handle === undefined) throw missing;
  try {
    const problem = await problemOf(handle, rules);
    if (problem !== undefined) throw exposed(`the file ${problem}`);
    return await bytesOf(handle);
  } finally {
    await handle.close();
  }
}

/** The first folder on the way that somebody else could change; a sticky one (/tmp) protects what others own in it. */
async function foreignFolder(folder: string, user: number): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const { uid, mode } = await lstat(at);
    const isOwn = uid === 0 || uid === user;
    if (!isOwn || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) return at;
    if (at === '/') return undefined;
  }
}

async function opened(file: string, reference: SecretReference): Promise<FileHandle | undefined> {
  try {
    // Without O_NONBLOCK a pipe put there would hold the process until somebody writes to it.
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP')
      throw secretFault('secret-exposed', reference, 'the file is a symbolic link', 'name the file it points to');
    throw secretFault(
      'secret-missing',
      reference,
      `the file cannot be opened (${code})`,
      'run as the user who owns it',
    );
  }
}

async function problemOf(handle: FileHandle, { user, readers }: FileRules): Promise<string | undefined> {
  const found = await handle.stat();
  if (found.uid !== 0 && found.uid !== user) return `belongs to user ${found.uid}; run chown on it`;
  return secretFileProblem({ type: found.isFile() ? 'file' : 'other', mode: found.mode }, readers);
}

/** One byte more than may be, so that what is too long shows. */
async function bytesOf(handle: FileHandle): Promise<Uint8Array> {
  const buffer = Buffer.alloc(mostBytes + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
  }
}
