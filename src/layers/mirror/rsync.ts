// What rsync is told for a mirror, and what its answers mean.
import { Fault } from '../../fault.ts';
import type { Argv, Ended } from '../../machines/machine.ts';
import type { Path } from '../../model/change-journal.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { fullOr } from '../common/records.ts';
import { notConfined } from './confined.ts';

/** Everything a file has; times to the nanosecond, also of folders (`--modify-window=-1`). */
const attributes = ['--archive', '--acls', '--xattrs', '--numeric-ids', '--modify-window=-1'] as const;
/** Nothing but what is named, with nothing of the folders above it. */
const named = [...attributes, '--no-implied-dirs'] as const;

export const namedWholly = [...named, '--hard-links', '--sparse', '--recursive'] as const;
export const namedFolders = [...named, '--dirs'] as const;
/** rsync takes the name of the root for all that is in it. */
export const rootAlone = [...named, '--dirs', '--exclude=/*'] as const;
/** Tells what differs below these names, and changes nothing. */
export const whatDiffers = (contents: boolean): readonly string[] => [
  ...[...named, '--hard-links', '--recursive', '--dry-run', '--delete', '--out-format=%i %n'],
  ...(contents ? ['--checksum'] : []),
];

const fromInput = ['--files-from=-', '--from0'] as const;

/** Between two folders of one machine: folders without what is in them. */
export const foldersArgv = (from: string, to: string): Argv => [
  ...(['rsync', ...namedFolders, ...fromInput, '--existing'] as const),
  ...[from, to],
];
/** Those above them as well: they are made where there is nothing yet. */
export const foldersAboveArgv = (from: string, to: string): Argv => [
  ...(['rsync', ...attributes, '--dirs', ...fromInput] as const),
  ...[from, to],
];
export const rootArgv = (from: string, to: string): Argv => ['rsync', ...rootAlone, from, to];
/** What is brought back: names, with the folders that lead to them. Nodes of devices only where they are wanted. */
export const backArgv = (from: string, to: string, devices: boolean, ...more: readonly string[]): Argv => [
  ...(['rsync', ...attributes, '--hard-links', '--sparse', '--recursive', ...fromInput] as const),
  ...(devices ? [] : ['--no-devices']),
  ...more,
  ...[from, to],
];

/** Patterns of rsync that stand for these very names. */
export const patternsOf = (paths: readonly Path[]): Buffer =>
  Buffer.from(
    paths.map((path) => `/${/[*?[]/.test(path) ? path.replace(/[\\*?[]/g, '\\$&') : path}\0`).join(''),
    'latin1',
  );

/** A line of `whatDiffers`: its name; undefined where it names none. */
export function differing(line: Uint8Array): Path | undefined {
  const text = Buffer.from(line).toString('latin1');
  const at = text.startsWith('*deleting   ') ? 12 : /^[<>ch.*][fdLDS][^ ]{9} /.test(text) ? 12 : -1;
  if (at === -1) return undefined;
  const name = text
    .slice(at)
    .replace(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replace(/\/$/, '');
  return name === '.' ? '' : name;
}
/** The same size and times, and another content: nobody wrote to it meanwhile. */
export const isDamaged = (line: Uint8Array): boolean => /^[<>ch.]fc\.\./.test(Buffer.from(line).toString('latin1'));

export type Rsynced = Readonly<{ exitCode: number; words: string }>;
export const rsynced = (ended: Ended): Rsynced => ({ exitCode: ended.exitCode, words: lastWords(ended) });

/** 23 and 24: not all of it came, and what did is known by looking. Everything else is the run's fault. */
export function checkRsync({ exitCode, words }: Rsynced, where: string, folder: string): void {
  if (exitCode === 0 || exitCode === 24) return;
  const full = fullOr(failed(where, words), words, folder);
  if (full.code === 'disk-full') throw full;
  if (exitCode === notConfined || words.includes(`exit code ${notConfined}`)) throw notMounted(where, words);
  if (exitCode !== 23) throw full;
}

const failed = (where: string, words: string): Fault =>
  new Fault('mirror-not-brought', {
    where: shown(where),
    says: `rsync: ${words}`,
    remedy: 'see what it says; nothing in the mirror was changed, and the next run begins where this one did',
  });

const notMounted = (where: string, words: string): Fault =>
  new Fault('share-not-confined', {
    where: shown(where),
    says: `it could not be opened so that no link leads out of it: ${words}`,
    remedy: 'run it as root on Linux 5.10 or later with util-linux 2.37 or later (`mount -o nosymfollow`)',
  });
