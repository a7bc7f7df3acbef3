// The tree that a point will hold: each copy at the path of its database, with the owner, mode, ACL, attributes and time of that,
// in folders like those it lies in.
import { join } from 'node:path';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { minutes } from '../../../values/duration.ts';
import { shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { fullOr } from '../records.ts';
import type { Copied } from './copied.ts';
import { type Found, nameOf, suffixes } from './found.ts';

export type Staging = Readonly<{
  machine: Machine;
  /** the folder that was searched */
  folder: string;
  /** where the copies are */
  copies: string;
  tree: string;
  signal: AbortSignal;
}>;

/**
 * Started in the folder of the database; $0 is the tree, then come names, each followed by its copy. The first cp(1) makes the
 * folders and an empty file with all that is to be preserved, the second one does it again for the copy that has taken its place.
 */
const place = `
set -e; umask 077; keep='--attributes-only --preserve=all --no-dereference'
while [ $# -gt 0 ]; do
  cp $keep --parents --target-directory="$0" -- "$1"
  mv --no-target-directory -- "$2" "$0/$1"
  cp $keep --no-target-directory -- "$1" "$0/$1"
  shift 2
done`;

/** Writing into a folder changes its time; the folders are named from the innermost one outwards. */
const times = `for folder do touch --no-create --reference="$folder" -- "$0/$folder" || exit 1; done`;

const deadline = minutes(10);
const input = (names: readonly Uint8Array[]): Buffer =>
  Buffer.concat(names.flatMap((name) => [Buffer.from('./'), name, Buffer.of(0)]));

/** `gone`: the database was there while it was copied, and is no more. */
export async function stageOne(staging: Staging, found: Found, { files }: Copied): Promise<'staged' | 'gone'> {
  const { machine, folder, copies, tree, signal } = staging;
  const pairs = [
    [found.path, files.database],
    ...(files.log === undefined ? [] : [[besideOf(found, suffixes.log), files.log] as const]),
    ...(files.journal === undefined ? [] : [[besideOf(found, suffixes.journal), files.journal] as const]),
  ] as const;
  const records = pairs.flatMap(([path, copy]) => [
    ...[Buffer.from('./'), path, Buffer.of(0)],
    ...[Buffer.from(join(copies, copy)), Buffer.of(0)],
  ]);
  const argv = ['env', `--chdir=${folder}`, 'xargs', '--null', 'sh', '-c', place, tree] as const;
  const ended = await machine.run(argv, { input: Buffer.concat(records), signal, deadline, env: { LC_ALL: 'C' } });
  if (ended.exitCode === 0) return 'staged';
  if (/cannot stat .*: No such file or directory/.test(ended.stderr)) return 'gone';
  throw fullOr(notStaged(found, lastWords(ended)), lastWords(ended), tree);
}

const besideOf = ({ path }: Found, suffix: string): Buffer => Buffer.concat([path, Buffer.from(suffix)]);

export async function stageTimes({ machine, folder, tree, signal }: Staging, databases: readonly Found[]) {
  const folders = foldersOf(databases);
  if (folders.length === 0) return;
  const argv = ['env', `--chdir=${folder}`, 'xargs', '--null', 'sh', '-c', times, tree] as const;
  await machine.run(argv, { input: input(folders), signal, deadline });
}

/** Every folder on the way to a database, the innermost ones first. */
function foldersOf(databases: readonly Found[]): readonly Buffer[] {
  const folders = new Map<string, Buffer>();
  for (const { path } of databases)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.subarray(0, at);
      folders.set(folder.toString('latin1'), folder);
    }
  return [...folders.values()].sort((one, other) => other.length - one.length);
}

const notStaged = (found: Found, words: string): Fault =>
  new Fault('copy-not-placed', {
    where: nameOf(found),
    says: `its copy could not be given its owner, mode and attributes: ${shown(words)}`,
    remedy: 'give `to` (or `staging`) on a file system that can hold them (ext4, xfs, btrfs), and run as root',
  });
