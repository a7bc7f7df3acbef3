// The layer `lvm-thin`: snapshots of the volumes in a thin pool, found by themselves (docs/layers/lvm-thin.md).
import { defineLayer } from '../../contracts/layer.ts';
import { discoverKind } from './discover.ts';
import { readPoints } from './points.ts';
import { planProtect } from './protect.ts';
import { removeKind } from './remove.ts';
import { planRestore, restoreTargets } from './restore.ts';
import { retainKind } from './retain.ts';
import { routesOf } from './routes.ts';
import { type LvmThinEntry, lvmThinEntry } from './schema.ts';
import { snapshotKind } from './snapshot.ts';
import { swapKinds } from './swap/kinds.ts';
import { scoutRestore } from './swap/scout.ts';

export const lvmThin = defineLayer<LvmThinEntry>({
  kind: 'lvm-thin',
  schema: lvmThinEntry,
  // Snapshots lie in the pool of what they are taken of, and are known by their tags: no folder is written to.
  destinations: () => [],
  routes: routesOf,
  protect: planProtect,
  points: readPoints,
  series: ({ manifest }) => `${manifest.source['line']}`,
  targets: restoreTargets,
  scout: scoutRestore,
  restore: planRestore,
  stepKinds: [discoverKind, snapshotKind, retainKind, removeKind, ...swapKinds],
});
