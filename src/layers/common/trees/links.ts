// Whether names of one file are names of one file again. Every file has as many links as it was listed with (compare.ts sees
// to that), so it is enough that no listed file has become two.
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

async function* recordsOf(links: AsyncIterable<Linked>): AsyncGenerator<Buffer> {
  for await (const { path, listed, found } of links)
    yield Buffer.concat([Buffer.from(`${listed} ${found} `), path, Buffer.of(0)]);
}

async function* splitFiles(records: AsyncIterable<Buffer>): AsyncGenerator<Difference> {
  let last: readonly string[] = [];
  for await (const record of records) {
    const [listed = '', found = '', ...path] = record.toString().split(' ');
    if (listed === last[0] && found !== last[1])
      yield { path: shown(path.join(' ')), says: `is no longer the same file as ${last[2]}` };
    else last = [listed, found, shown(path.join(' '))];
  }
}
