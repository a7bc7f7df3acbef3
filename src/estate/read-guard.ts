// Reading the guard file. It decides what an estate may do on this machine, so nobody else may be able to write it.
import { dirname } from 'node:path';
import { defaultGuard, type Guard, guardSchema } from '../guard/guard.ts';
import type { FileInfo } from '../machines/machine.ts';
import { nearest } from '../values/nearest.ts';
import { placeOf } from './places.ts';
import { InvalidFile, type Problem, showPath } from './problem.ts';
import { realPath } from './real-path.ts';
import { remarksOf } from './schema-remarks.ts';
import { type EstateFiles, openSource } from './source.ts';
import { words } from './words.ts';
import { limits } from './yaml-text.ts';

export type ReadGuardOptions = Readonly<{
  files: EstateFiles;
  /** the user this process runs as: the file belongs to root or to nobody else */
  user: number;
}>;

/**
 * @param path absolute, usually /etc/holdfast/guard.yaml; without a file there, the defaults hold
 * @throws InvalidFile `guard-invalid`, with every problem and its place
 */
export async function readGuard(path: string, { files, user }: ReadGuardOptions): Promise<Guard> {
  const open = await openFolder(dirname((await realPath(path, files)) ?? path), { files, user });
  if (open !== undefined) throw invalid(path, [{ file: open, line: 1, column: 1, path: '', says: couldGo }]);
  const found = await files.info(path);
  if (found === undefined) return defaultGuard;
  const unsafe = ownerProblem(found, user);
  if (unsafe !== undefined) throw invalid(path, [{ file: path, line: 1, column: 1, path: '', says: unsafe }]);
  const { source, problems } = await openSource(path, path, limits.bytesInAFile, files);
  if (source === undefined || problems.length > 0) throw invalid(path, problems);
  const parsed = guardSchema.safeParse(source.value, { error: words });
  if (parsed.success) return parsed.data;
  const known = Object.keys(guardSchema.shape);
  const sayUnknown = (parent: readonly unknown[], key: string): string => {
    const close = parent.length === 0 ? nearest(key, known) : undefined;
    return close === undefined ? 'is not known; look at docs/guides/guard.md' : `is not known; did you mean ${close}?`;
  };
  const remarks = remarksOf(parsed.error.issues, sayUnknown);
  throw invalid(
    path,
    remarks.map((one) => ({ ...placeOf(source, one.path, one.at), path: showPath(one.path), says: one.says })),
  );
}

const couldGo =
  'can be changed by others, who could take the guard file away; let it be of root, and run chmod go-w on it';

/** The first folder on the way that others could change: without its guard file a machine allows more. */
async function openFolder(folder: string, { files, user }: ReadGuardOptions): Promise<string | undefined> {
  for (let at = folder; at !== '/'; at = dirname(at)) {
    const found = await files.info(at);
    const isOwn = found === undefined || found.uid === 0 || found.uid === user;
    const isSticky = ((found?.mode ?? 0) & 0o1000) !== 0;
    if (!isOwn || (((found?.mode ?? 0) & 0o022) !== 0 && !isSticky)) return at;
  }
  return undefined;
}

function ownerProblem({ type, mode, uid }: FileInfo, user: number): string | undefined {
  if (type === 'link') return 'is a symbolic link; the guard file is a file of its own';
  if (type !== 'file') return `is a ${type}, not a regular file`;
  if (uid !== 0 && uid !== user) return `belongs to user ${uid}, who could change what it allows; run chown root on it`;
  return (mode & 0o022) === 0 ? undefined : 'can be written by others; run chmod 644 on it';
}

const invalid = (path: string, problems: readonly Problem[]): InvalidFile =>
  new InvalidFile('guard-invalid', { where: path, problems, exit: 'invalid' });
