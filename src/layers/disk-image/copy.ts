// The step `disk-image.copy`: streams the mounted tree into a folder that is nobody's restore point, proves every part by
// reading it back, and only then gives it the manifest and the name that make it one.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Manifest, Part } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { parseInstant } from '../../values/instant.ts';
import { versionOf } from './commands.ts';
import { writeArchive } from './copy-archive.ts';
import { type WrittenListing, writeListing } from './copy-listing.ts';
import { checkDestination } from './destination.ts';
import { asGiven, copyGiven, givenOf } from './given.ts';
import { checkUnchanged } from './image.ts';
import { manifestText, readManifest, withSeal } from './manifest.ts';
import { proveWritten } from './part.ts';
import { layerFolder, manifestName, partialFolder } from './places.ts';

function placed(context: StepContext) {
  const given = givenOf(copyGiven, context.step);
  const layer = layerFolder(given.entry);
  const partial = partialFolder(layer, context.run);
  const work = join(partial, 'work');
  const machine = context.world.machine(given.entry.machine);
  return { ...given, image: given.entry.image, machine, layer, partial, work, sealed: join(layer, given.id) };
}
type Copying = ReturnType<typeof placed>;

export const copyKind: StepKind = {
  name: 'disk-image.copy',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const copying = placed(context);
    const { machine, entry, layer, partial, work, sealed } = copying;
    await checkDestination(machine, entry);
    context.take('partial restore point', partial);
    await machine.files.remove(partial);
    for (const folder of [entry.to, layer, partial, work]) await machine.files.makeFolder(folder, 0o700);
    const listing = await writeListing(copying, context);
    const parts = [...(await writeArchives(copying, listing, context)), listing.part];
    await checkUnchanged(machine, entry.image, copying.state);
    for (const part of parts) await proveWritten(machine, join(partial, part.name), part, context);
    const manifest = await manifestOf(copying, context, parts, listing);
    await machine.files.remove(work);
    await machine.files.write(join(partial, manifestName), manifestText(manifest), 0o600);
    await machine.files.rename(partial, sealed);
    return { result: resultOf(manifest, sealed), degraded: listing.attributes ? [] : [withoutAttributes] };
  },

  probe: async (context) => {
    const { machine, sealed } = placed(context);
    const manifest = await readManifest(machine.files, sealed);
    if ('problem' in manifest)
      return { answer: 'not done', evidence: `${sealed} is no restore point: ${manifest.problem}` };
    return { answer: 'done', evidence: `${sealed} is sealed`, result: resultOf(manifest, sealed) };
  },

  release: removePartial,
  undo: removePartial,
};

/** A sealed point has another name: it stays, whatever comes after it. */
async function removePartial(context: StepContext): Promise<void> {
  const { machine, partial } = placed(context);
  await machine.files.remove(partial);
}

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

const withoutAttributes =
  'extended attributes and ACLs are in the archive, but were not listed, so a restore cannot compare them: ' +
  'getfattr is missing on the machine (Debian package attr)';

const resultOf = (manifest: Manifest, folder: string) => ({
  point: manifest.id,
  folder,
  bytes: manifest.parts.reduce((sum, part) => sum + part.bytes, 0),
  manifest: digestOf(manifest),
});

async function manifestOf(
  copying: Copying,
  { run, world }: StepContext,
  parts: readonly Part[],
  { counts, attributes }: WrittenListing,
): Promise<Manifest> {
  const { machine, entry, id, takenAt, source, state, policy, since_boot } = copying;
  const [tar, getfattr] = await Promise.all(['tar', 'getfattr'].map((tool) => versionOf(machine, tool)));
  const at = parseInstant(takenAt);
  if (at === undefined) throw new Error(`a plan gave ${takenAt} as a time`);
  return withSeal({
    format: 1,
    id,
    layer: entry.name,
    kind: entry.kind,
    workload: entry.workload,
    takenAt: at,
    sealedAt: world.clock.now(),
    run,
    source: { machine: entry.machine, ...source, size: state.size },
    counts,
    parts,
    details: {
      attributes_listed: attributes,
      ...(policy === undefined ? {} : { policy: asGiven(policy) }),
      ...(since_boot === undefined ? {} : { since_boot }),
    },
    tools: { ...(tar === undefined ? {} : { tar }), ...(getfattr === undefined ? {} : { getfattr }) },
  });
}
