// The layer `vaultwarden`: its database, checked before and after it is copied, with all its files as one point
// (docs/layers/vaultwarden.md).
import { defineLayer } from '../../contracts/layer.ts';
import { digestOf } from '../../values/canonical.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { compareKind } from './compare.ts';
import { lookKind } from './look.ts';
import { planProtect } from './protect.ts';
import { planRestore, restoreTargets } from './restore-plan.ts';
import { routesOf } from './routes.ts';
import { type VaultwardenEntry, vaultwardenEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import { startKind, stopKind } from './service-steps.ts';
import { stageKind } from './stage.ts';
import { safetyKind, takeKind } from './take.ts';

export const vaultwarden = defineLayer<VaultwardenEntry>({
  kind: 'vaultwarden',
  schema: vaultwardenEntry,
  destinations: (entry) => [{ machine: pointsMachine(entry), folder: layerFolder(entry) }],
  routes: routesOf,
  protect: planProtect,
  points: async (entry, world, remark) => {
    const { points, notes } = await readPoints(world.machine(pointsMachine(entry)), entry);
    for (const note of notes) remark?.(note);
    return points;
  },
  series: ({ manifest }) => digestOf(manifest.source),
  targets: restoreTargets,
  holdsPaths: true,
  scout: scoutRestore,
  restore: planRestore,
  stepKinds: [lookKind, takeKind, safetyKind, stageKind, stopKind, startKind, compareKind],
});
