// The listing of a tree: everything in it with all that must survive, sorted by path. find(1) and getfattr(1) say what is
// there, sort(1) brings both into one order, and they are read side by side: memory does not grow with the tree.
import { join } from 'node:path';
import type { Progress } from '../../../contracts/step-kind.ts';
import type { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { lastWords, versionOf } from '../commands.ts';
import { gathered, sortInto, split } from '../records.ts';
import { type Attributed, type Attributes, attributesBelow } from './attributes.ts';
import { keyOf, type Listed, listedOf, pathEnd, recordFormat } from './listed.ts';

export type Listing = Readonly<{
  machine: Machine;
  /** the root of the tree */
  tree: string;
  /** an empty folder for what is sorted */
  work: string;
  /** whose damage it is when something cannot be read: the image, the disk behind the target */
  damaged(words: string): Fault;
  signal: AbortSignal;
  progress(progress: Progress): void;
}>;

/** Names for tar, NUL-terminated: everything but sockets, which no archive holds; device nodes apart. */
export const namesIn = (work: string) => ({ contents: join(work, 'names'), devices: join(work, 'device-names') });

/**
 * @returns the tree in order; with `attributes: false` where getfattr is missing on the machine
 */
export async function listTree(
  listing: Listing,
): Promise<Readonly<{ entries: AsyncIterable<Listed>; attributes: boolean }>> {
  const { machine, work } = listing;
  const [records, dump] = [join(work, 'records'), join(work, 'attributes')];
  const sorting = { machine, folder: work, signal: listing.signal };
  await sortInto(sorting, recordsOf(listing), records);
  const attributes = (await versionOf(machine, 'getfattr')) !== undefined;
  if (attributes) await sortInto(sorting, gathered(attributeRecords(listing)), dump);
  return { entries: merged(machine, records, attributes ? dump : undefined, listing.signal), attributes };
}

async function* recordsOf({ machine, tree, work, damaged, signal, progress }: Listing): AsyncGenerator<Uint8Array> {
  const names = namesIn(work);
  const device = ['(', '-type', 'b', '-o', '-type', 'c', ')', '-fprintf', names.devices, './%P\\0'];
  const kinds = ['(', '-type', 's', '-o', ...device, '-o', '-fprintf', names.contents, './%P\\0', ')'];
  const { stdout, ended } = machine.stream(['find', tree, '-printf', recordFormat, ...kinds], { signal });
  let done = 0;
  for await (const chunk of stdout) {
    done += chunk.length;
    progress({ done, unit: 'bytes', what: 'listing what is there' });
    yield chunk;
  }
  const end = await ended;
  if (end.exitCode !== 0) throw damaged(`find: ${lastWords(end)}`);
}

async function* attributeRecords({ machine, tree, damaged, signal, progress }: Listing): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const { path, attributes } of attributesBelow(machine, tree, damaged, signal)) {
    done += 1;
    if (done % 1000 === 0) progress({ done, unit: 'items', what: 'reading attributes' });
    yield Buffer.concat([path, pathEnd, Buffer.from(`${JSON.stringify(attributes)}\0`)]);
  }
}

async function* merged(
  machine: Machine,
  records: string,
  dump: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Listed> {
  const attributes = dump === undefined ? undefined : split(machine.files.source(dump, { signal }), 0);
  try {
    let next = await attributes?.next();
    for await (const record of split(machine.files.source(records, { signal }), 0)) {
      const listed = listedOf(record);
      if (next?.value !== undefined && keyOf(next.value).equals(keyOf(record))) {
        yield { ...listed, attributes: attributesIn(next.value) };
        next = await attributes?.next();
      } else yield listed;
    }
    if (next?.value !== undefined)
      throw new Error('getfattr named a file that find did not: the tree changed meanwhile');
  } finally {
    await attributes?.return(undefined);
  }
}

const attributesIn = (record: Buffer): Attributes =>
  sortedKeys(JSON.parse(record.subarray(keyOf(record).length).toString()));

const sortedKeys = (attributes: Attributed['attributes']): Attributes =>
  Object.fromEntries(Object.entries(attributes).sort(([one], [other]) => (one < other ? -1 : 1)));
