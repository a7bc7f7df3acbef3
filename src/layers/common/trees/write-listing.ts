// The listing of a point, written while its tree is counted, with the names that tar is then told to archive.
import { join } from 'node:path';
import type { Part } from '../../../model/restore-point.ts';
import { writtenPart } from '../points/part.ts';
import { gathered } from '../records.ts';
import type { Listed } from './listed.ts';
import { type Listing, listTree } from './listing.ts';
import { partNames } from './parts.ts';

const none = { entries: 0, files: 0, folders: 0, links: 0, fifos: 0, sockets: 0, devices: 0, bytes: 0, attributes: 0 };
/** `entries`: all that an archive can hold, so without the sockets; `bytes`: of all files, hard links counted once */
export type Counts = Readonly<typeof none>;

export type WrittenListing = Readonly<{ part: Part; counts: Counts; attributes: boolean }>;

/**
 * @param folder where it is written, on the machine of the tree
 * @param each is told of every entry on the way
 */
export async function writeListing(
  listing: Listing,
  folder: string,
  each: (entry: Listed) => void = () => {},
): Promise<WrittenListing> {
  const { entries, attributes } = await listTree(listing);
  const counts = { ...none };
  const lines = async function* () {
    for await (const listed of entries) {
      tally(counts, listed);
      each(listed);
      yield `${JSON.stringify(listed)}\n`;
    }
  };
  const part = await writtenPart(listing.machine, join(folder, partNames.listing), gathered(lines()));
  return { part, counts: { ...counts, bytes: Math.round(counts.bytes) }, attributes };
}

const counters = {
  file: 'files',
  folder: 'folders',
  link: 'links',
  fifo: 'fifos',
  socket: 'sockets',
  block: 'devices',
  character: 'devices',
} as const;

function tally(counts: typeof none, { type, size, links, attributes }: Listed): void {
  counts[counters[type]] += 1;
  if (type !== 'socket') counts.entries += 1;
  if (type === 'file') counts.bytes += size / links;
  counts.attributes += Object.keys(attributes ?? {}).length;
}

/** Of a run without getfattr: what its point lacks. */
export const withoutAttributes =
  'extended attributes and ACLs are in the archive, but were not listed, so a restore cannot compare them: ' +
  'getfattr is missing on the machine (Debian package attr)';
