// The archive of a tree by GNU tar: pax format, with everything that must survive, readable by hand without Holdfast.
import { Fault } from '../../../fault.ts';
import type { Argv, Ended } from '../../../machines/machine.ts';
import { shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { fullOr } from '../records.ts';

const namespaces = ['user', 'trusted', 'security'].map((name) => `--xattrs-include=${name}.*`);
const metadata = ['--acls', '--xattrs', ...namespaces, '--selinux', '--numeric-owner'] as const;
/** The same, as words of a script. */
export const keepMetadata = metadata.join(' ');

// Without the process id in the names of its headers and without times of reading, the same tree gives the same archive.
const pax = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';

/** 64 KiB at once instead of tar's 10 KiB: four times as fast, for at most 64 KiB of padding at the end. */
const records = '--blocking-factor=128';

/** Names come from a file, so that the archive holds what the listing lists, and no name is taken for an option. */
export const createArgv = (tree: string, names: string, archive: string): Argv => [
  'tar',
  '--create',
  `--file=${archive}`,
  '--force-local',
  records,
  '--format=posix',
  pax,
  ...metadata,
  '--sparse',
  '--no-recursion',
  '--null',
  '--verbatim-files-from',
  `--directory=${tree}`,
  `--files-from=${names}`,
];

/**
 * Unpacks what it is fed into a folder that holds nothing else, the folder's own metadata included. tar makes links that
 * lead out of the tree only after everything else, strips leading slashes and refuses `..`. Archives may follow each other
 * in what it is fed, so that the times of folders are set when the last one is through. With `part` it keeps to that.
 */
export const extractArgv = (tree: string, compression?: 'gzip', part: readonly string[] = []): Argv => [
  'tar',
  '--extract',
  ...(compression === undefined ? [] : [`--${compression}`]),
  '--file=-',
  records,
  '--ignore-zeros',
  '--acls',
  '--xattrs',
  '--xattrs-include=*',
  '--selinux',
  '--numeric-owner',
  '--same-owner',
  '--same-permissions',
  '--delay-directory-restore',
  `--directory=${tree}`,
  ...part,
];

/** One line for each member. tar skips what lies between the headers, so this is quick. */
export const listArgv = (archive: string): Argv => [
  'tar',
  '--list',
  '--quoting-style=escape',
  '--force-local',
  `--file=${archive}`,
];

export function extractFault(ended: Ended, target: string, figures: string): Fault | undefined {
  if (ended.exitCode === 0) return undefined;
  const words = lastWords(ended);
  const fault = new Fault('unpack-failed', {
    where: shown(target),
    says: `tar could not unpack everything: ${words}`,
    remedy: 'use a target on a file system that can hold owners, ACLs and attributes (ext4, xfs, btrfs), as root',
  });
  return fullOr(fault, words, target, figures);
}
