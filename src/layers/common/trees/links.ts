// Whether names of one file are names of one file again: no listed file has become two, and none has a name that is not listed.
import { join } from 'node:path';
import { shown } from '../../../values/text.ts';
import { gathered, type Sorting, sortInto, split } from '../records.ts';
import type { Difference, Linked } from './compare.ts';

/** Sorted on the disk: a tree of hard-linked snapshots has millions of such names. */
export async function sortLinks(sorting: Sorting, links: AsyncIterable<Linked>): Promise<AsyncGenerator<Difference>> {
  const sorted = join(sorting.folder, 'links');
  await sortInto(sorting, gathered(recordsOf(links)), sorted);
  return splitFiles(split(sorting.machine.files.source(sorted, { signal: sorting.signal }), 0));
}

async function* recordsOf(linked: AsyncIterable<Linked>): AsyncGenerator<Buffer> {
  for await (const { path, listed, found, links } of linked)
    yield Buffer.concat([Buffer.from(`${listed} ${found} ${links} `), path, Buffer.of(0)]);
}

type Name = Readonly<{ listed: string; found: string; links: number; path: string }>;

async function* splitFiles(records: AsyncIterable<Buffer>): AsyncGenerator<Difference> {
  let first: Name | undefined;
  let names = 0;
  for await (const record of records) {
    const name = nameIn(record);
    if (first !== undefined && name.listed === first.listed && name.found === first.found) {
      names += 1;
      continue;
    }
    if (first !== undefined) yield* besides(first, names);
    if (name.listed === first?.listed) yield { path: name.path, says: `is no longer the same file as ${first.path}` };
    first = name;
    names = 1;
  }
  if (first !== undefined) yield* besides(first, names);
}

function* besides({ path, links }: Name, names: number): Generator<Difference> {
  if (links !== names) yield { path, says: `is a file with ${links} names, of which ${names} are listed` };
}

function nameIn(record: Buffer): Name {
  const [listed = '', found = '', links = '', ...path] = record.toString().split(' ');
  return { listed, found, links: Number(links), path: shown(path.join(' ')) };
}
