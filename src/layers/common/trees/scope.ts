// A part of a tree, by its path: what of a point lies in it, and which folders lead to it. Pure.
import { Fault } from '../../../fault.ts';
import { shown } from '../../../values/text.ts';

export type Scope = Readonly<{
  /** from the root of the tree, without a slash at either end */
  path: Buffer;
  /** as it was typed, tidied */
  text: string;
  /** the folders that lead to it, the root ('') first */
  above: readonly Buffer[];
}>;

export type Lies = 'above' | 'within' | 'outside';

const slash = 0x2f;

/** A slash at the end, as shells complete folders, and a `./` before it are forgiven. @throws Fault `path-misspelt` */
export function scopeOf(typed: string): Scope {
  const text = typed.replace(/^(\.\/+)+/, '').replace(/\/+$/, typed === '/' ? '/' : '');
  const problem = problemOf(text);
  if (problem !== undefined) throw misspelt(typed, problem);
  const names = text.split('/');
  return {
    path: Buffer.from(text),
    text,
    above: names.map((_, depth) => Buffer.from(names.slice(0, depth).join('/'))),
  };
}

function problemOf(text: string): string | undefined {
  if (text === '' || text === '.') return 'it names no file or folder in the point';
  if (text.startsWith('/')) return 'it is absolute, and paths in a point begin at the root of what was copied';
  if (text.includes('\0')) return 'it holds a NUL, which no name does';
  if (text.includes('//')) return 'two slashes stand in a row';
  if (/(^|\/)\.{1,2}(\/|$)/.test(text)) return '`.` and `..` stand for no name in a point';
  return undefined;
}

function misspelt(typed: string, says: string): Fault {
  const tidy = typed.split('/').filter((name) => !['', '.', '..'].includes(name));
  const example = tidy.length === 0 ? 'folder/file' : tidy.join('/');
  return new Fault('path-misspelt', {
    where: '--only',
    says: `${shown(typed)}: ${says}`,
    remedy: `write it as it stands in the point, for example \`--only ${shown(example)}\`; for all of the point leave it out`,
    exit: 'misused',
  });
}

export function lies({ path, above }: Scope, other: Buffer): Lies {
  if (other.length >= path.length)
    return other.subarray(0, path.length).equals(path) && (other.length === path.length || other[path.length] === slash)
      ? 'within'
      : 'outside';
  return above.some((folder) => folder.equals(other)) ? 'above' : 'outside';
}

/** All that is brought back, where a scope was given. */
export const isMeant = (scope: Scope | undefined, path: Buffer): boolean =>
  scope === undefined || lies(scope, path) !== 'outside';
