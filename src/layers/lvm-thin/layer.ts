// The layer `lvm-thin`: snapshots of the volumes in a thin pool, found by themselves (docs/layers/lvm-thin.md).
import { defineLayer } from '../../contracts/layer.ts';
import { pointRef } from '../common/lvm/snapshots.ts';
import { discoverKind } from './discover.ts';
import { readPoints } from './points.ts';
import { planProtect } from './protect.ts';
import { removeKind } from './remove.ts';
import { retainKind } from './retain.ts';
import { type LvmThinEntry, lvmThinEntry } from './schema.ts';
import { snapshotKind } from './snapshot.ts';

export const lvmThin = defineLayer<LvmThinEntry>({
  kind: 'lvm-thin',
  schema: lvmThinEntry,
  // Snapshots lie in the pool of what they are taken of, and are known by their tags: no folder is written to.
  destinations: () => [],
  protect: planProtect,
  points: readPoints,
  restore: ({ name }, { point }) => ({
    steps: [],
    notes: [],
    refusals: [
      {
        subject: pointRef(name, point.manifest.id),
        code: 'restore-by-hand',
        says: 'this version takes snapshots and does not swap them in',
        remedy: 'read it from a clone: lvcreate -s -kn, then mount that read-only',
      },
    ],
  }),
  stepKinds: [discoverKind, snapshotKind, retainKind, removeKind],
});
