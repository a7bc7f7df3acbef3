// The step `disk-image.unpack`: unpacks a point below the target, proving its digest on the way.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Feeding } from '../../machines/machine.ts';
import type { Part } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { kindOf } from '../../values/ref.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { checkRoom } from '../common/points/destination.ts';
import { readManifest } from '../common/points/manifest.ts';
import { manifestIn, partOf, provePart } from '../common/points/point-proof.ts';
import { extractArgv, extractFault } from './archive.ts';
import { partNames } from './places.ts';
import { beginIn, checkTarget, emptyTarget, leadBack, type Restoring, restoringIn } from './target.ts';

/** Stands in the work folder when everything is unpacked and the digests were right. */
const marker = ({ work }: Restoring): string => join(work, 'unpacked');

export const unpackKind: StepKind = {
  name: 'disk-image.unpack',

  observe: async (context, subject) => {
    const { machine, folder, target } = restoringIn(context);
    if (kindOf(subject) === 'folder') {
      await checkTarget(machine, target);
      return emptyTarget;
    }
    const manifest = await readManifest(machine.files, folder);
    return 'problem' in manifest ? absent : digestOf(manifest);
  },

  do: async (context) => {
    const restoring = restoringIn(context);
    const { machine, folder, target, devices, work } = restoring;
    const manifest = await manifestIn(machine.files, folder);
    const parts = [partOf(manifest, partNames.contents)];
    if (devices && (manifest.counts['devices'] ?? 0) > 0) parts.push(partOf(manifest, partNames.devices));
    await checkRoom(
      machine.files,
      target,
      parts.reduce((sum, part) => sum + part.bytes, 0),
    );
    context.take('folder of the restore', work);
    await beginIn(restoring);
    await unpack(restoring, parts, context);
    await machine.files.write(marker(restoring), '', 0o600);
    return { result: { point: manifest.id, work } };
  },

  probe: async (context) => {
    const restoring = restoringIn(context);
    return (await restoring.machine.files.info(marker(restoring))) === undefined
      ? { answer: 'not done', evidence: `not everything is unpacked in ${restoring.work}` }
      : { answer: 'done', evidence: `everything is unpacked in ${restoring.work}`, result: { work: restoring.work } };
  },

  undo: (context) => leadBack(restoringIn(context)),
};

/** The point was whole when it was sealed; whether it still is, is known when its last byte was read. Until then it is proven nowhere but here. */
async function unpack(restoring: Restoring, parts: readonly Part[], context: StepContext): Promise<void> {
  const { machine, folder, target, tree } = restoring;
  const feeding = machine.feed(extractArgv(tree), { signal: context.signal });
  try {
    for (const sealed of parts) provePart(folder, sealed, await fed(feeding, folder, sealed, restoring, context));
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  const { free, total } = await machine.files.space(tree);
  const figures = ` (${formatSize(sizeOf(free))} of ${formatSize(sizeOf(total))} are free)`;
  const fault = extractFault(ended, target, figures);
  if (fault !== undefined) throw fault;
}

/** Where tar stops early, the rest is read all the same: a damaged point is the better answer than tar's complaint about it. */
async function fed(
  feeding: Feeding,
  folder: string,
  { name, bytes: total }: Part,
  { machine }: Restoring,
  { signal, progress }: StepContext,
): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  let reading = true;
  for await (const piece of machine.files.source(join(folder, name), { signal })) {
    hash.update(piece);
    bytes += piece.length;
    if (reading) reading = await feeding.write(piece);
    progress({ done: bytes, total, unit: 'bytes', what: `unpacking ${name}` });
  }
  return { name, bytes, sha256: hash.digest('hex') };
}
