// The step `disk-image.prune`: removes one restore point. It first takes the point its name, in one rename: from then on it
// is none, and whatever ends us leaves nothing that looks like a whole one.
import { join } from 'node:path';
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { shown } from '../../values/text.ts';
import { givenOf, pruneGiven } from './given.ts';
import { readManifest } from './manifest.ts';
import { otherThan, removingFolder } from './places.ts';
import { holdOf } from './points.ts';

type Placed = Readonly<{ machine: Machine; id: string; layer: string; folder: string; removing: string }>;

function placed(context: StepContext): Placed {
  const { machine, folder: layer, id } = givenOf(pruneGiven, context.step);
  const removing = removingFolder(layer, context.run, id);
  return { machine: context.world.machine(machine), id, layer, folder: join(layer, id), removing };
}

export const pruneKind: StepKind = {
  name: 'disk-image.prune',

  observe: async (context) => {
    const { machine, folder } = placed(context);
    const manifest = await readManifest(machine.files, folder);
    return 'problem' in manifest ? absent : digestOf(manifest);
  },

  do: async (context) => {
    const { machine, id, layer, folder, removing } = placed(context);
    await refuseHeld(machine, folder);
    await refuseLast(machine, layer, id);
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

/** Whatever was decided before: a point without another one beside it stays. */
async function refuseLast(machine: Machine, layer: string, id: string): Promise<void> {
  for (const name of (await machine.files.list(layer)) ?? []) {
    if (name === id || otherThan(name) !== undefined) continue;
    if (!('problem' in (await readManifest(machine.files, join(layer, name))))) return;
  }
  throw new Fault('point-is-last', {
    where: shown(join(layer, id)),
    says: 'no other restore point of this layer is left',
    remedy: 'see what became of the others; remove this one by hand if it really is to go',
  });
}
