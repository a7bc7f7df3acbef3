// The data folder of a server whose content a restore replaces. It belongs to the account of the server, who may put a link wherever
// it likes there: so everything in it is done as that account, and can harm nothing that it could not harm itself.
import { join } from 'node:path';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine } from '../../../machines/machine.ts';
import type { RunId } from '../../../model/run.ts';
import { shown } from '../../../values/text.ts';
import { commandFailed, lastWords, must } from '../commands.ts';
import { workFolder } from '../points/places.ts';
import { fullOr } from '../records.ts';

export type DataFolder = Readonly<{
  machine: Machine;
  path: string;
  /** what runs a program as the owner of the folder */
  as: readonly string[];
  /** in it, for this run alone: `new` is what goes in, `before` what was there */
  work: string;
  /** what was there stays here, where that is wished */
  aside: string;
}>;

export const placesIn = (path: string, run: RunId) => ({
  work: workFolder(path, run),
  aside: join(path, `before-${run}`),
});

/** @throws Fault `data-not-found` */
export async function dataFolder(machine: Machine, path: string, run: RunId): Promise<DataFolder> {
  const found = await machine.files.info(path);
  if (found?.type !== 'folder')
    throw new Fault('data-not-found', {
      where: `${machine.name}: ${shown(path)}`,
      says: found === undefined ? 'there is no such folder' : `it is a ${found.type}, not a folder`,
      remedy: 'give `data` as the folder itself, as it is on that machine; nothing was replaced',
    });
  const { uid, gid } = found;
  // Of one that was killed nothing comes, and root would then do what the owner is to do.
  const we = await must(machine, ['id', '-u']);
  const isRoot = we.stdout.trim() === '0';
  const as = isRoot && uid !== 0 ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'] : [];
  return { machine, path, as, ...placesIn(path, run) };
}

export const asOwner = ({ as }: Pick<DataFolder, 'as'>, argv: Argv): Argv => {
  const [first, ...rest] = as;
  return first === undefined ? argv : [first, ...rest, ...argv];
};

/**
 * The account may not be let through to the folder (docker's is shut to all but root): so it is opened for it, and paths in it begin
 * at what is open.
 */
const opened = '/proc/self/fd/9';
const seen = ({ path }: DataFolder, word: string): string =>
  word === path || word.startsWith(`${path}/`) ? `${opened}${word.slice(path.length)}` : word;
const inFolder = (folder: DataFolder, text: string, words: readonly string[]): Argv => [
  ...(['env', `--chdir=${folder.path}`] as const),
  ...asOwner(folder, ['sh', '-c', `exec 9<.\n${text}`, 'sh', ...words.map((word) => seen(folder, word))]),
];

/** A script with the words behind it as `$3` and on. */
export async function script(
  folder: DataFolder,
  text: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Ended> {
  const argv = inFolder(folder, `set -e\numask 077\n${text}`, [folder.path, folder.work, ...words]);
  const ended = await folder.machine.run(argv, { signal });
  if (ended.exitCode === 0) return ended;
  throw fullOr(commandFailed(folder.machine, argv, ended), lastWords(ended), folder.path);
}

/** Makes the folder to work in, empty; what an attempt before has left in it goes, but never what was there before. */
export const begin = (folder: DataFolder, signal: AbortSignal): Promise<Ended> =>
  script(folder, '[ ! -e "$2/before" ] || rmdir -- "$2/before"; rm -rf -- "$2"; mkdir -- "$2" "$2/new"', [], signal);

/** A file in it, as it comes. */
export async function fill(
  folder: DataFolder,
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const argv = inFolder(folder, 'set -eC; umask 077; cat > "$1"; sync -- "$1"', [join(folder.work, name)]);
  const feeding = folder.machine.feed(argv, { signal });
  try {
    for await (const piece of pieces) if (!(await feeding.write(piece))) break;
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  if (ended.exitCode !== 0) throw fullOr(commandFailed(folder.machine, argv, ended), lastWords(ended), folder.path);
}
