// What rsync does for a mirror: brings names from the share, brings the folders' own attributes, and tells where the two differ.
import { Fault } from '../../fault.ts';
import type { Argv, Ended } from '../../machines/machine.ts';
import type { Path } from '../../model/change-journal.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { fullOr } from '../common/records.ts';

import { asideFile, notConfined } from './confined.ts';

/** Everything a file has; times to the nanosecond, also of folders (`--modify-window=-1`). */
const attributes = ['--archive', '--acls', '--xattrs', '--numeric-ids', '--modify-window=-1'] as const;
const everything = [...attributes, '--no-implied-dirs'] as const;
const named = ['--files-from=-', '--from0'] as const;

export type Left = Readonly<{ out: readonly Path[]; contents?: boolean }>;

/** Patterns of rsync that stand for these very names. */
export const patternsOf = (paths: readonly Path[]): Buffer =>
  Buffer.from(
    paths.map((path) => `/${/[*?[]/.test(path) ? path.replace(/[\\*?[]/g, '\\$&') : path}\0`).join(''),
    'latin1',
  );
const leftOut = (paths: readonly Path[]): readonly string[] =>
  paths.length === 0 ? [] : [`--exclude-from=${asideFile}`];

/** Names that come, folders with all that is in them; what has not changed is linked to `basis`, a folder beside the target. */
export const bringArgv = (out: readonly Path[], to: string, basis: string): Argv => [
  ...(['rsync', ...everything, '--hard-links', '--sparse', '--recursive', ...named] as const),
  ...leftOut(out),
  `--link-dest=${basis}`,
  './',
  to,
];

/** Folders without what is in them. */
export const foldersArgv = (from: string, to: string, ...more: readonly string[]): Argv => [
  ...(['rsync', ...everything, '--dirs', ...named] as const),
  ...more,
  from,
  to,
];
/** Those above them as well: what is laid aside lies in folders that are as they were. */
export const foldersAboveArgv = (from: string, to: string): Argv => [
  ...(['rsync', ...attributes, '--dirs', ...named] as const),
  from,
  to,
];
/** What is brought back: names, with the folders that lead to them. Nodes of devices only where they are wanted. */
export const backArgv = (from: string, to: string, devices: boolean, ...more: readonly string[]): Argv => [
  ...(['rsync', ...attributes, '--hard-links', '--sparse', '--recursive', ...named] as const),
  ...(devices ? [] : ['--no-devices']),
  ...more,
  from,
  to,
];
/** rsync takes the name of the root for all that is in it. */
export const rootArgv = (from: string, to: string): Argv => [
  'rsync',
  ...everything,
  '--dirs',
  '--exclude=/*',
  from,
  to,
];

/** Tells what differs below these names, and changes nothing. */
export const differArgv = (out: readonly Path[], to: string, contents: boolean): Argv => [
  ...(['rsync', ...everything, '--hard-links', '--recursive', '--dry-run', '--delete', ...named] as const),
  ...(contents ? ['--checksum'] : []),
  ...leftOut(out),
  '--out-format=%i %n',
  './',
  to,
];

/** A line of the above: its name; undefined where it names none. */
export function differing(line: Buffer): Path | undefined {
  const text = line.toString('latin1');
  const at = text.startsWith('*deleting   ') ? 12 : /^[<>ch.*][fdLDS][^ ]{9} /.test(text) ? 12 : -1;
  if (at === -1) return undefined;
  const name = text
    .slice(at)
    .replace(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replace(/\/$/, '');
  return name === '.' ? '' : name;
}

/** 23 and 24: not all of it came, and what did is known by looking. Everything else is the run's fault. */
export function checkRsync(ended: Ended, where: string, folder: string): void {
  const { exitCode } = ended;
  const words = lastWords(ended);
  if (exitCode === 0 || exitCode === 24) return;
  const full = fullOr(failed(where, words), words, folder);
  if (full.code === 'disk-full') throw full;
  if (exitCode === notConfined) throw notMounted(where, words);
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
