// The layer `mirror`: a share as it is, somewhere else, with what was removed or overwritten beside it (docs/layers/mirror.md).
import { defineLayer } from '../../contracts/layer.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { bringKind } from './bring.ts';
import { forgetKind } from './forget.ts';
import { besidePoints } from './places.ts';
import { asState } from './points.ts';
import { planProtect } from './protect.ts';
import { restoreKind } from './restore.ts';
import { planRestore } from './restore-plan.ts';
import { routesOf } from './routes.ts';
import { type MirrorEntry, mirrorEntry } from './schema.ts';
import { turnKind } from './turn-step.ts';

export const mirror = defineLayer<MirrorEntry>({
  kind: 'mirror',
  schema: mirrorEntry,
  destinations: (entry) => [{ machine: pointsMachine(entry), folder: layerFolder(entry) }],
  routes: routesOf,
  protect: planProtect,
  points: async (entry, world, remark) => {
    const { points, notes } = await readPoints(world.machine(pointsMachine(entry)), entry, besidePoints);
    for (const note of notes) remark?.(note);
    return points.map((point) => asState(point, entry));
  },
  holdsPaths: true,
  canaries: ({ machine, from }) => ({ machine, folder: from.folder }),
  restore: planRestore,
  stepKinds: [bringKind, turnKind, forgetKind, restoreKind],
});
