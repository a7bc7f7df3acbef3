// listing.ndjson of a point, read back line by line.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Part } from '../../model/restore-point.ts';
import { shown } from '../../values/text.ts';
import { split } from '../common/records.ts';
import { type Listed, listed } from './entry.ts';
import { partNames } from './places.ts';

const newline = 0x0a;

/** @param read is told, when the last line was read, what was read in all */
export async function* readListing(
  machine: Machine,
  folder: string,
  signal: AbortSignal,
  read: (part: Part) => void = () => {},
): AsyncGenerator<Listed> {
  const path = join(folder, partNames.listing);
  const hash = createHash('sha256');
  let bytes = 0;
  const pieces = async function* () {
    for await (const piece of machine.files.source(path, { signal })) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  for await (const line of split(pieces(), newline)) yield parseLine(line.toString(), path);
  read({ name: partNames.listing, bytes, sha256: hash.digest('hex') });
}

function parseLine(line: string, path: string): Listed {
  try {
    return listed.parse(JSON.parse(line));
  } catch (cause) {
    throw new Fault('point-damaged', {
      where: shown(path),
      says: `a line of it is none that was written there: ${shown(line.slice(0, 80))}`,
      remedy: 'restore another point; hold or keep this one until it is known what damaged it',
      cause,
    });
  }
}
