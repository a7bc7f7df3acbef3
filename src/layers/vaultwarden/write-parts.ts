// The gathered tree as parts of a point: its listing, then its archive, streamed from the machine of the data to that of the points,
// encrypted there where that is declared, and read back.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Part } from '../../model/restore-point.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { wholly } from '../common/dumps/end-mark.ts';
import { stored } from '../common/dumps/stored.ts';
import { checkRoom } from '../common/points/destination.ts';
import type { PointPlace } from '../common/points/sealing.ts';
import { fullOr } from '../common/records.ts';
import { createArgv } from '../common/trees/archive.ts';
import { namesIn } from '../common/trees/listing.ts';
import { proveMembers } from '../common/trees/members.ts';
import { partNames } from '../common/trees/parts.ts';
import { type Counts, writeListing } from '../common/trees/write-listing.ts';
import type { VaultwardenEntry } from './schema.ts';
import type { Staging } from './staging.ts';

export type Written = Readonly<{ parts: readonly Part[]; counts: Counts; attributes: boolean }>;

export async function writeParts(
  { machine, tree, sorting, out }: Staging,
  place: PointPlace,
  { encrypt_to: recipients }: Pick<VaultwardenEntry, 'encrypt_to'>,
  context: StepContext,
): Promise<Written> {
  const { signal, progress } = context;
  const listed = await writeListing(
    { machine, tree, work: sorting, damaged: (words) => incomplete(tree, words), signal, progress },
    out,
  );
  const { counts, attributes } = listed;
  await checkRoom(place.machine.files, place.layer, counts.bytes + listed.part.bytes + 16 * 1024 * 1024);
  const storing = { machine: place.machine, folder: place.partial, compress: 'none', recipients } as const;
  const listing = await stored(
    { ...storing, name: partNames.listing, what: 'writing the listing', expected: listed.part.bytes },
    machine.files.source(join(out, partNames.listing), { signal }),
    context,
  );
  // Each name that tar archives it writes down beside: of what is encrypted on its way nobody can count the members afterwards.
  const index = join(out, 'archived');
  const [program, ...rest] = createArgv(tree, namesIn(sorting).contents, '-');
  const argv = [program, '--verbose', '--quoting-style=escape', `--index-file=${index}`, ...rest] as const;
  const failed = (ended: Parameters<typeof lastWords>[0]) =>
    fullOr(incomplete(tree, `tar: ${lastWords(ended)}`), lastWords(ended), out);
  const archive = await stored(
    { ...storing, name: partNames.contents, what: `writing ${partNames.contents}`, expected: counts.bytes },
    wholly(machine, argv, { signal }, failed),
    context,
  );
  const expected = counts.entries - counts.devices;
  await proveIndex({ machine, index, expected, tree }, signal);
  if (recipients === undefined)
    await proveMembers(place.machine, join(place.partial, partNames.contents), expected, signal);
  return { parts: [archive.part, listing.part], counts, attributes };
}

type Indexed = Readonly<{ machine: Staging['machine']; index: string; expected: number; tree: string }>;

async function proveIndex({ machine, index, expected, tree }: Indexed, signal: AbortSignal): Promise<void> {
  let lines = 0;
  for await (const chunk of machine.files.source(index, { signal }))
    for (const byte of chunk) if (byte === 0x0a) lines += 1;
  if (lines !== expected) throw incomplete(tree, `${lines} of ${expected} entries went into it`);
}

const incomplete = (tree: string, words: string): Fault =>
  new Fault('archive-incomplete', {
    where: shown(tree),
    says: `what was gathered could not be archived: ${words}`,
    remedy: 'see the log of the run, and whether somebody writes into the staging folder',
  });
