// The listing of a point, read back entry by entry: listing.ndjson, or the records of a generation.
import { join } from 'node:path';
import { Fault } from '../../../fault.ts';
import { shown } from '../../../values/text.ts';
import { split } from '../records.ts';
import { isGeneration } from './generation/parts.ts';
import { readScan } from './generation/read-scan.ts';
import { type Listed, listed } from './listed.ts';
import { type AtHand, partNames, provenPart } from './parts.ts';

const newline = 0x0a;

/** @throws Fault `point-damaged` behind the last line, where the listing is not the one that was sealed */
export async function* readListing(point: AtHand, signal: AbortSignal): AsyncGenerator<Listed> {
  if (isGeneration(point.manifest)) return yield* readScan(point, signal);
  const path = join(point.folder, partNames.listing);
  for await (const line of split(provenPart(point, partNames.listing, signal), newline))
    yield parseLine(line.toString(), path);
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
