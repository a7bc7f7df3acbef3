// The step `point.prune`, the same for every layer that keeps its points in a folder: removes one restore point. It first takes the point its name, in one rename: from then on it
// is none, and whatever ends us leaves nothing that looks like a whole one.
import { join } from 'node:path';
import * as z from 'zod';
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { shown } from '../../../values/text.ts';
import { givenOf } from '../given.ts';
import { digestOfPoint } from './expects.ts';
import { readManifest } from './manifest.ts';
import { otherThan, removingFolder } from './places.ts';
import { holdOf } from './points.ts';
import { isOf, type SourceKey, sourceKey } from './source.ts';

const pruneGiven = z.strictObject({
  /** that the points lie on */
  machine: z.string(),
  folder: z.string().startsWith('/'),
  id: z.string(),
  source: sourceKey,
});

type Placed = Readonly<{
  machine: Machine;
  id: string;
  source: SourceKey;
  layer: string;
  folder: string;
  removing: string;
}>;

function placed(context: StepContext): Placed {
  const { machine, folder: layer, id, source } = givenOf(pruneGiven, context.step);
  const removing = removingFolder(layer, context.run, id);
  return { machine: context.world.machine(machine), id, source, layer, folder: join(layer, id), removing };
}

export const pruneKind: StepKind = {
  name: 'point.prune',

  observe: async (context) => {
    const { machine, folder } = placed(context);
    return digestOfPoint(machine.files, folder);
  },

  do: async (context) => {
    const pruning = placed(context);
    const { machine, id, folder, removing } = pruning;
    await refuseHeld(machine, folder);
    await refuseLast(pruning);
    context.take('point that is being removed', removing);
    await machine.files.rename(folder, removing);
    await machine.files.remove(removing);
    return { result: { id } };
  },

  probe: async (context) => {
    const { machine, folder } = placed(context);
    return (await machine.files.info(folder)) === undefined
      ? { answer: 'done', evidence: 'the point has lost its name', result: { id: placed(context).id } }
      : { answer: 'not done', evidence: 'the point is there' };
  },

  release: async (context) => {
    const { machine, removing } = placed(context);
    await machine.files.remove(removing);
  },
};

async function refuseHeld(machine: Machine, folder: string): Promise<void> {
  const held = await holdOf(machine.files, folder);
  if (held === undefined) return;
  throw new Fault('point-held', {
    where: shown(folder),
    says: `it is held: ${held}`,
    remedy: 'remove its file HOLD when nobody needs the point any more',
  });
}

/** Whatever was decided before: a point without another one of the same source beside it stays. */
async function refuseLast({ machine, layer, id, source }: Placed): Promise<void> {
  for (const name of (await machine.files.list(layer)) ?? []) {
    if (name === id || otherThan(name) !== undefined) continue;
    const manifest = await readManifest(machine.files, join(layer, name));
    if (!('problem' in manifest) && isOf(manifest, source)) return;
  }
  throw new Fault('point-is-last', {
    where: shown(join(layer, id)),
    says: 'no other restore point of the same source is left in this layer',
    remedy: 'see what became of the others; remove this one by hand if it really is to go',
  });
}
