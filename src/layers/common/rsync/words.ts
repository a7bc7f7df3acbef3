// What rsync wants started at its other end. The machine it runs on may be taken by somebody, so that its words are not simply carried
// out on another one: every word must follow from the options that were given here, and folders are put in by us. Pure.
import { Fault } from '../../../fault.ts';
import { shown } from '../../../values/text.ts';

/** Stands for a folder of the other end in rsync's own arguments. */
export const placeholder = (nth: number): string => `/holdfast-folder-${nth}`;

/** What rsync adds by itself to what it was told (options.c, server_options). */
const added = ['server', 'sender', 'log-format', 'numeric-ids', 'info', 'debug', 'msgs2stderr', 'no-msgs2stderr'];
const addedToo = ['checksum-choice', 'compress-choice', 'no-W', 'no-r', 'specials', 'devices', 'delete', 'links'];
/** Not `K`, `L`, `k`: with these the other end follows links. */
const letters = /^-[vlHogDtpAXrRSncuzdxWIimNUOJ]*(e\.[A-Za-z]*)?$/;
const withNumber = /^-[@B]-?\d+$/;

/**
 * @param said the words behind the host: `rsync --server ...`
 * @param options what rsync was given
 * @param folders of the other end, by their placeholders' numbers
 * @throws Fault `rsync-talks-strangely`
 */
export function serverWords(
  said: readonly string[],
  options: readonly string[],
  folders: readonly string[],
  where: string,
): readonly [string, ...string[]] {
  const [command, first, ...rest] = said;
  if (command !== 'rsync' || first !== '--server') throw strange(where, said.slice(0, 2).join(' '));
  const known = new Set([...added, ...addedToo, ...options.map(longName)]);
  const words = rest.map((word) => {
    const [name = '', value] = parted(word);
    const folder = folderFor(value ?? word, folders);
    if (folder !== undefined && value === undefined) return folder;
    if (folder !== undefined && known.has(longName(name))) return `${name}=${folder}`;
    const plain = !word.includes('/') && (word === '.' || letters.test(word) || withNumber.test(word));
    const long = word.startsWith('--') && !word.includes('/') && known.has(longName(word));
    if (plain || long) return word;
    throw strange(where, word);
  });
  return ['rsync', '--server', ...words];
}

const parted = (word: string): readonly [string, string | undefined] => {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
};

/** `-M--fake-super` is for the other end: there it is `--fake-super`. */
const longName = (option: string): string => option.replace(/^-M/, '').replace(/^--/, '').replace(/=.*$/s, '');

function folderFor(word: string, folders: readonly string[]): string | undefined {
  const found = folders.findIndex((_, nth) => word === placeholder(nth) || word === `${placeholder(nth)}/`);
  const folder = folders[found];
  return folder === undefined ? undefined : word.endsWith('/') && !folder.endsWith('/') ? `${folder}/` : folder;
}

const strange = (where: string, word: string): Fault =>
  new Fault('rsync-talks-strangely', {
    where,
    says: `rsync there asks for something at its other end that it was not told to: ${shown(word)}`,
    remedy:
      'see what its rsync is (`rsync --version`, `command -v rsync`), and whether somebody else is on that machine',
  });
