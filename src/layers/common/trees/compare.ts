// A tree against the listing it was restored from, entry by entry in the order of both. Pure but for reading them.
import { digestOf } from '../../../values/canonical.ts';
import { shown } from '../../../values/text.ts';
import { byPath, type Listed, pathOf } from './listed.ts';

export type Difference = Readonly<{ path: string; says: string }>;
/** A name of a file that has several: which file that is in the listing, which in the tree, and how many names that one has there. */
export type Linked = Readonly<{ path: Buffer; listed: string; found: string; links: number }>;

export type Comparing = Readonly<{
  /** whether the tree is to have this entry: no sockets, and device nodes only where they were asked for */
  expected(entry: Listed): boolean;
  attributes: boolean;
  /** a part of a tree may have fewer of the names of a file; that it has no others is for links.ts to see */
  part: boolean;
}>;

export async function* compare(
  listing: AsyncIterable<Listed>,
  tree: AsyncIterable<Listed>,
  { expected, attributes, part }: Comparing,
): AsyncGenerator<Difference | Linked> {
  const found = tree[Symbol.asyncIterator]();
  try {
    let next = await found.next();
    for await (const wanted of listing) {
      if (!expected(wanted)) continue;
      for (; !next.done && byPath(next.value, wanted) < 0; next = await found.next()) yield unlisted(next.value);
      if (next.done || byPath(next.value, wanted) > 0) {
        yield { path: nameOf(wanted), says: 'is missing' };
        continue;
      }
      const fewer = part && wanted.links > 1 ? { ...wanted, links: next.value.links } : wanted;
      for (const says of differing(fewer, next.value, attributes)) yield { path: nameOf(wanted), says };
      if (wanted.links > 1)
        yield { path: pathOf(wanted), listed: wanted.file, found: next.value.file, links: next.value.links };
      next = await found.next();
    }
    for (; !next.done; next = await found.next()) yield unlisted(next.value);
  } finally {
    await found.return?.();
  }
}

const unlisted = (entry: Listed): Difference => ({ path: nameOf(entry), says: 'is not in the listing' });

const compared = ['type', 'mode', 'uid', 'gid', 'size', 'modified', 'links', 'target', 'target_base64'] as const;

function differing(wanted: Listed, found: Listed, attributes: boolean): readonly string[] {
  const says = compared
    .filter((field) => wanted[field] !== found[field])
    .map((field) => `has ${field} ${shown(String(found[field]))}, listed is ${shown(String(wanted[field]))}`);
  if (attributes && digestOf(wanted.attributes ?? {}) !== digestOf(found.attributes ?? {}))
    says.push(`has attributes (${namesOf(found)}) that differ from those listed (${namesOf(wanted)})`);
  return says;
}

const namesOf = ({ attributes = {} }: Listed): string => shown(Object.keys(attributes).join(', ')) || 'none';

const nameOf = (entry: Listed): string => shown(pathOf(entry).toString()) || '(the root)';
