// The step `disk-image.copy`: streams the mounted tree into a folder that is nobody's restore point, proves every part by
// reading it back, and only then gives it the manifest and the name that make it one.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Part } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { versionOf } from '../common/commands.ts';
import { givenOf } from '../common/given.ts';
import { proveWritten } from '../common/points/part.ts';
import {
  beginPoint,
  pointPlace,
  probeSealed,
  removePartial,
  type Sealing,
  seal,
  sealedResult,
} from '../common/points/sealing.ts';
import { type WrittenListing, withoutAttributes, writeListing } from '../common/trees/write-listing.ts';
import { writeArchive } from './copy-archive.ts';
import { copyGiven } from './given.ts';
import { checkUnchanged } from './image.ts';
import { damaged } from './walk.ts';

function placed(context: StepContext) {
  const given = givenOf(copyGiven, context.step);
  const place = pointPlace(context, given.entry, given.id);
  return { ...given, ...place, entry: given.entry, image: given.entry.image, place };
}
type Copying = ReturnType<typeof placed>;

export const copyKind: StepKind = {
  name: 'disk-image.copy',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const copying = placed(context);
    const { machine, entry, mount, work, partial, place } = copying;
    await beginPoint(place, context);
    const { signal, progress } = context;
    const reading = { machine, tree: mount, work, signal, progress };
    const unreadable = (words: string) => damaged(entry.image, words);
    const listing = await writeListing({ ...reading, damaged: unreadable }, partial);
    const parts = [...(await writeArchives(copying, listing, context)), listing.part];
    await checkUnchanged(machine, entry.image, copying.state);
    for (const part of parts) await proveWritten(machine, join(partial, part.name), part, context);
    const manifest = await seal(place, context, await sealingOf(copying, parts, listing));
    return { result: sealedResult(manifest, place.sealed), degraded: listing.attributes ? [] : [withoutAttributes] };
  },

  probe: (context) => probeSealed(placed(context).place),
  release: (context) => removePartial(placed(context).place),
  undo: (context) => removePartial(placed(context).place),
};

/** Device nodes lie apart, so that a restore makes none unless it is told to. */
async function writeArchives(
  copying: Copying,
  { counts: { entries, devices } }: WrittenListing,
  context: StepContext,
): Promise<readonly Part[]> {
  const contents = { which: 'contents', expected: entries - devices, bytes: copying.bytes } as const;
  const written = [await writeArchive(copying, contents, context)];
  if (devices > 0)
    written.push(await writeArchive(copying, { which: 'devices', expected: devices, bytes: 0 }, context));
  return written;
}

async function sealingOf(
  { machine, entry, takenAt, source, state, policy, since_boot }: Copying,
  parts: readonly Part[],
  { counts, attributes }: WrittenListing,
): Promise<Sealing> {
  const [tar, getfattr] = await Promise.all(['tar', 'getfattr'].map((tool) => versionOf(machine, tool)));
  return {
    takenAt,
    source: { machine: entry.machine, ...source, size: state.size },
    counts,
    parts,
    details: { attributes_listed: attributes },
    tools: { tar, getfattr },
    policy,
    sinceBoot: since_boot,
  };
}
