// The step `disk-image.copy`: streams the mounted tree into a folder that is nobody's restore point, proves every part by
// reading it back, and only then gives it the manifest and the name that make it one.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Manifest, Part } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { parseInstant } from '../../values/instant.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import { createArgv, createFault, listArgv } from './archive.ts';
import { lastWords, versionOf } from './commands.ts';
import type { Listed } from './entry.ts';
import { copyGiven, givenOf } from './given.ts';
import { checkUnchanged } from './image.ts';
import { listTree, namesIn } from './listing.ts';
import { manifestText, readManifest } from './manifest.ts';
import { followed, proveWritten, writtenPart } from './part.ts';
import { layerFolder, manifestName, partialFolder, partNames } from './places.ts';
import { gathered } from './records.ts';

const newline = 0x0a;

function placed(context: StepContext) {
  const given = givenOf(copyGiven, context.step);
  const layer = layerFolder(given.entry);
  const partial = partialFolder(layer, context.run);
  const work = join(partial, 'work');
  const machine = context.world.machine(given.entry.machine);
  return { ...given, machine, layer, partial, work, sealed: join(layer, given.id) };
}
type Copying = ReturnType<typeof placed>;

export const copyKind: StepKind = {
  name: 'disk-image.copy',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const copying = placed(context);
    const { machine, entry, layer, partial, work, sealed } = copying;
    context.take('partial restore point', partial);
    await machine.files.remove(partial);
    for (const folder of [entry.to, layer, partial, work]) await machine.files.makeFolder(folder, 0o700);
    const listing = await writeListing(copying, context);
    const contents = await archive(copying, context, 'contents', listing.counts.entries - listing.counts.devices);
    const devices =
      listing.counts.devices > 0 ? [await archive(copying, context, 'devices', listing.counts.devices)] : [];
    await checkUnchanged(machine, entry.image, copying.state);
    const parts = [contents, ...devices, listing.part];
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

const withoutAttributes =
  'extended attributes and ACLs are in the archive, but were not listed, so a restore cannot compare them: ' +
  'getfattr is missing on the machine (Debian package attr)';

const resultOf = (manifest: Manifest, folder: string) => ({
  point: manifest.id,
  folder,
  bytes: manifest.parts.reduce((sum, part) => sum + part.bytes, 0),
  manifest: digestOf(manifest),
});

type Counts = { -readonly [Key in keyof typeof noCounts]: number };
const noCounts = {
  entries: 0,
  files: 0,
  folders: 0,
  links: 0,
  fifos: 0,
  sockets: 0,
  devices: 0,
  bytes: 0,
  attributes: 0,
};
type WrittenListing = Readonly<{ part: Part; counts: Counts; attributes: boolean }>;

async function writeListing(copying: Copying, { signal, progress }: StepContext): Promise<WrittenListing> {
  const { machine, mount, work, partial, entry } = copying;
  const { entries, attributes } = await listTree({ machine, tree: mount, work, where: entry.image, signal, progress });
  const counts = { ...noCounts };
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

function tally(counts: Counts, { type, size, links, attributes }: Listed): void {
  counts[counters[type]] += 1;
  if (type !== 'socket') counts.entries += 1;
  if (type === 'file') counts.bytes += size / links;
  counts.attributes += Object.keys(attributes ?? {}).length;
}

async function archive(
  copying: Copying,
  context: StepContext,
  which: 'contents' | 'devices',
  expected: number,
): Promise<Part> {
  const { machine, mount, work, partial, entry } = copying;
  const path = join(partial, partNames[which]);
  await (await machine.files.sink(path, 0o600)).close();
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const written = machine.run(createArgv(mount, namesIn(work)[which], path), { signal });
  try {
    const part = await followed(machine, path, written, copying.bytes, context);
    const fault = createFault(await written, entry.image, partial, await figures(copying));
    if (fault !== undefined) throw fault;
    await proveMembers(machine, path, expected, context.signal);
    return part;
  } catch (error) {
    stop.abort(error);
    await written.catch(() => {});
    throw error;
  }
}

async function figures({ machine, partial, bytes }: Copying): Promise<string> {
  const { free, total } = await machine.files.space(partial);
  const [need, left, all] = [bytes, free, total].map((one) => formatSize(sizeOf(one)));
  return ` (about ${need} were needed, ${left} of ${all} are free)`;
}

/** That tar ended well does not say that it archived everything it was told to. */
async function proveMembers(machine: Machine, path: string, expected: number, signal: AbortSignal): Promise<void> {
  const { stdout, ended } = machine.stream(listArgv(path), { signal });
  let members = 0;
  for await (const chunk of stdout)
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) members += 1;
  const end = await ended;
  if (end.exitCode === 0 && members === expected) return;
  throw new Fault('archive-incomplete', {
    where: shown(path),
    says: `it holds ${members} of the ${expected} entries that were listed${end.exitCode === 0 ? '' : `; tar: ${lastWords(end)}`}`,
    remedy: 'see the log of the run; check the file system of the image, and the disk that restore points go to',
  });
}

async function manifestOf(
  copying: Copying,
  { run, world }: StepContext,
  parts: readonly Part[],
  { counts, attributes }: WrittenListing,
): Promise<Manifest> {
  const { machine, entry, id, takenAt, source, state } = copying;
  const [tar, getfattr] = await Promise.all(['tar', 'getfattr'].map((tool) => versionOf(machine, tool)));
  const at = parseInstant(takenAt);
  if (at === undefined) throw new Error(`a plan gave ${takenAt} as a time`);
  return {
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
    details: { attributes_listed: attributes },
    tools: { ...(tar === undefined ? {} : { tar }), ...(getfattr === undefined ? {} : { getfattr }) },
  };
}
