// The listing of a point: written while the mounted tree is counted, with the names that tar is then told to archive.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Part } from '../../model/restore-point.ts';
import { writtenPart } from '../common/points/part.ts';
import { gathered } from '../common/records.ts';
import type { Listed } from '../common/trees/listed.ts';
import { listTree } from '../common/trees/listing.ts';
import { partNames } from '../common/trees/parts.ts';
import { damaged } from './walk.ts';

const none = { entries: 0, files: 0, folders: 0, links: 0, fifos: 0, sockets: 0, devices: 0, bytes: 0, attributes: 0 };
/** `entries`: all that an archive can hold, so without the sockets; `bytes`: of all files, hard links counted once */
export type Counts = Readonly<typeof none>;

export type WrittenListing = Readonly<{ part: Part; counts: Counts; attributes: boolean }>;

export type CopyPlaces = Readonly<{ machine: Machine; image: string; mount: string; partial: string; work: string }>;

export async function writeListing(places: CopyPlaces, { signal, progress }: StepContext): Promise<WrittenListing> {
  const { machine, image, mount, partial, work } = places;
  const { entries, attributes } = await listTree({
    ...{ machine, tree: mount, work, signal, progress },
    damaged: (words) => damaged(image, words),
  });
  const counts = { ...none };
  const lines = async function* () {
    for await (const listed of entries) {
      tally(counts, listed);
      yield `${JSON.stringify(listed)}\n`;
    }
  };
  const part = await writtenPart(machine, join(partial, partNames.listing), gathered(lines()));
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
