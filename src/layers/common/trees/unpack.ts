// The step `tree.unpack`: unpacks a point below the target, proving its digest on the way.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../../contracts/step-kind.ts';
import type { Feeding } from '../../../machines/machine.ts';
import { kindOf } from '../../../values/ref.ts';
import { formatSize, bytes as sizeOf } from '../../../values/size.ts';
import { checkRoom } from '../points/destination.ts';
import { digestOfPoint } from '../points/expects.ts';
import { extractArgv, extractFault } from './archive.ts';
import { copyOut, takenBy } from './generation/copy-out.ts';
import { isGeneration } from './generation/parts.ts';
import { layOut, type Shape, shapeOf } from './laid-out.ts';
import { partOfPoint } from './part-of-archive.ts';
import { type AtHand, partNamed, partNames, provenPart } from './parts.ts';
import { readListing } from './read-listing.ts';
import { survey } from './survey.ts';
import { atHand, beginIn, checkTarget, emptyTarget, leadBack, type Restoring, restoringIn } from './target.ts';

/** Stands in the work folder when everything is unpacked and the digests were right. */
const marker = ({ work }: Restoring): string => join(work, 'unpacked');

export const unpackKind: StepKind = {
  name: 'tree.unpack',

  observe: async (context, subject) => {
    const { machine, folder, target } = restoringIn(context);
    if (kindOf(subject) === 'folder') {
      await checkTarget(machine, target);
      return emptyTarget;
    }
    return digestOfPoint(machine.files, folder);
  },

  do: async (context) => {
    const restoring = restoringIn(context);
    const { machine, target, devices, work } = restoring;
    const point = await atHand(restoring, context);
    const { manifest } = point;
    if (isGeneration(manifest)) return copyGeneration(restoring, point, context);
    const shape = shapeOf(manifest);
    const names: string[] = shape === undefined ? [partNames.contents] : filesOf(shape);
    if (shape === undefined && devices && (manifest.counts['devices'] ?? 0) > 0) names.push(partNames.devices);
    const bytes = names.reduce((sum, name) => sum + partNamed(manifest, name).bytes, 0);
    const part = await partOfPoint(restoring, point, shape, context);
    await checkRoom(machine.files, target, Math.min(bytes, part?.bytes ?? bytes));
    context.take('folder of the restore', work);
    await beginIn(restoring);
    if (shape === undefined) await unpack(restoring, point, names, (await part?.arguments()) ?? [], context);
    else await layOutOf(restoring, point, shape, context);
    await part?.keep();
    await machine.files.write(marker(restoring), '', 0o600);
    return unpacked(restoring, point);
  },

  probe: async (context) => {
    const restoring = restoringIn(context);
    return (await restoring.machine.files.info(marker(restoring))) === undefined
      ? { answer: 'not done', evidence: `not everything is unpacked in ${restoring.work}` }
      : { answer: 'done', evidence: `everything is unpacked in ${restoring.work}`, result: { work: restoring.work } };
  },

  undo: (context) => leadBack(restoringIn(context)),
};

async function copyGeneration(restoring: Restoring, point: AtHand, context: StepContext): Promise<Done> {
  const { machine, target, work, scope } = restoring;
  const { counts } =
    scope === undefined ? point.manifest : await survey(scope, point.manifest.id, readListing(point, context.signal));
  await checkRoom(machine.files, target, Math.min(counts['bytes'] ?? 0, await takenBy(point, context.signal)));
  context.take('folder of the restore', work);
  await beginIn(restoring);
  await copyOut(restoring, point, () => figuresOf(restoring), context);
  await machine.files.write(marker(restoring), '', 0o600);
  return unpacked(restoring, point);
}

const unpacked = ({ work, scope }: Restoring, { manifest }: AtHand): Done => ({
  result: { point: manifest.id, work, ...(scope && { only: scope.text }) },
});

const filesOf = ({ archive, files }: Shape): string[] => [...(archive === undefined ? [] : [archive]), ...files];

const layOutOf = ({ machine, target, tree }: Restoring, point: AtHand, shape: Shape, context: StepContext) => {
  const { takenAt } = point.manifest;
  const source = (name: string) => provenPart(point, name, context.signal);
  return layOut({ machine, tree, shape, takenAt, source, target }, context);
};

/** The point was whole when it was sealed; whether it still is, is known when its last byte was read. Until then it is proven nowhere but here. */
async function unpack(
  restoring: Restoring,
  point: AtHand,
  names: readonly string[],
  part: readonly string[],
  context: StepContext,
): Promise<void> {
  const { machine, target, tree } = restoring;
  const feeding = machine.feed(extractArgv(tree, undefined, part), { signal: context.signal });
  try {
    for (const name of names) await fed(feeding, point, name, context);
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  const fault = extractFault(ended, target, await figuresOf(restoring));
  if (fault !== undefined) throw fault;
}

async function figuresOf({ machine, tree }: Restoring): Promise<string> {
  const { free, total } = await machine.files.space(tree);
  return ` (${formatSize(sizeOf(free))} of ${formatSize(sizeOf(total))} are free)`;
}

/** Where tar stops early, the rest is read all the same: a damaged point is the better answer than tar's complaint about it. */
async function fed(feeding: Feeding, point: AtHand, name: string, { signal, progress }: StepContext): Promise<void> {
  const total = partNamed(point.manifest, name).bytes;
  let done = 0;
  let reading = true;
  for await (const piece of provenPart(point, name, signal)) {
    done += piece.length;
    if (reading) reading = await feeding.write(piece);
    progress({ done, total: Math.max(done, total), unit: 'bytes', what: `unpacking ${name}` });
  }
}
