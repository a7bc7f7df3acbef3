// How a folder becomes a restore point. Everything is written into one that is nobody's point; when every part is there and
// proved, it gets its manifest, and after that the name that makes it one.
import { join } from 'node:path';
import type { Probed, StepContext } from '../../../contracts/step-kind.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Manifest, Part, PointId } from '../../../model/restore-point.ts';
import { digestOf, type Json } from '../../../values/canonical.ts';
import { parseInstant } from '../../../values/instant.ts';
import type { Keep } from '../../../values/retention.ts';
import { asGiven } from '../given.ts';
import { checkDestination } from './destination.ts';
import { type PointEntry, pointsMachine } from './entry.ts';
import { manifestText, readManifest, withSeal } from './manifest.ts';
import { layerFolder, manifestName, partialFolder } from './places.ts';

export type PointPlace = Readonly<{
  entry: PointEntry;
  id: PointId;
  /** that the points lie on */
  machine: Machine;
  layer: string;
  partial: string;
  /** in it, for what is no part; gone before the seal */
  work: string;
  sealed: string;
}>;

/** @param item tells the points apart that one run makes in one layer */
export function pointPlace(context: StepContext, entry: PointEntry, id: PointId, item?: string): PointPlace {
  const layer = layerFolder(entry);
  const partial = partialFolder(layer, context.run, item);
  const machine = context.world.machine(pointsMachine(entry));
  return { entry, id, machine, layer, partial, work: join(partial, 'work'), sealed: join(layer, id) };
}

/** @throws Fault where the destination is not what it is taken for (destination.ts) */
export async function beginPoint({ machine, entry, layer, partial, work }: PointPlace, context: StepContext) {
  await checkDestination(machine, entry);
  context.take('partial restore point', partial);
  await machine.files.remove(partial);
  for (const folder of [entry.to, layer, partial, work]) await machine.files.makeFolder(folder, 0o700);
}

export type Sealing = Readonly<{
  takenAt: string;
  source: Readonly<Record<string, Json>>;
  counts: Readonly<Record<string, number>>;
  parts: readonly Part[];
  details: Readonly<Record<string, Json>>;
  tools: Readonly<Record<string, string | undefined>>;
  /** the retention that the layer's points are under when this one is sealed (prune-decision.ts) */
  policy: Keep | undefined;
  /** when it was taken by the count that nobody can step */
  sinceBoot: Readonly<{ boot: string; elapsed: number }> | undefined;
}>;

/** The parts have been read back and compared before (part.ts). */
export async function seal(place: PointPlace, { run, world }: StepContext, sealing: Sealing): Promise<Manifest> {
  const { machine, entry, id, partial, work, sealed } = place;
  const { source, counts, parts, details, tools, policy, sinceBoot } = sealing;
  const takenAt = parseInstant(sealing.takenAt);
  if (takenAt === undefined) throw new Error(`a plan gave ${sealing.takenAt} as a time`);
  const manifest = withSeal({
    format: 1,
    ...{ id, layer: entry.name, kind: entry.kind, workload: entry.workload, takenAt },
    ...{ sealedAt: world.clock.now(), run, source, counts, parts },
    details: {
      ...details,
      ...(policy === undefined ? {} : { policy: asGiven(policy) }),
      ...(sinceBoot === undefined ? {} : { since_boot: asGiven(sinceBoot) }),
    },
    tools: Object.fromEntries(
      Object.entries(tools).flatMap(([tool, version]) => (version === undefined ? [] : [[tool, version]])),
    ),
  });
  await machine.files.remove(work);
  await machine.files.write(join(partial, manifestName), manifestText(manifest), 0o600);
  await machine.files.rename(partial, sealed);
  return manifest;
}

/** A sealed point has another name: it stays, whatever comes after it. */
export const removePartial = ({ machine, partial }: PointPlace): Promise<void> => machine.files.remove(partial);

export async function probeSealed({ machine, sealed }: PointPlace): Promise<Probed> {
  const manifest = await readManifest(machine.files, sealed);
  if ('problem' in manifest)
    return { answer: 'not done', evidence: `${sealed} is no restore point: ${manifest.problem}` };
  return { answer: 'done', evidence: `${sealed} is sealed`, result: sealedResult(manifest, sealed) };
}

/** What the step that made a point gives to those who come after it. */
export const sealedResult = (manifest: Manifest, folder: string) => ({
  point: manifest.id,
  folder,
  bytes: manifest.parts.reduce((sum, part) => sum + part.bytes, 0),
  manifest: digestOf(manifest),
});
