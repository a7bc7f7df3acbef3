// The layer `host-config`: everything that makes a machine the one it is, besides its guests' data (docs/layers/host-config.md).
import { defineLayer } from '../../contracts/layer.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { copyKind } from './copy.ts';
import { gatherKind } from './gather-step.ts';
import { planProtect } from './protect.ts';
import { type HostConfigEntry, hostConfigEntry } from './schema.ts';

export const hostConfig = defineLayer<HostConfigEntry>({
  kind: 'host-config',
  schema: hostConfigEntry,
  destinations: (entry) => [{ machine: pointsMachine(entry), folder: layerFolder(entry) }],
  routes: (entry) => [
    {
      reads: [{ what: 'host', on: entry.machine }],
      writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
      ...{ carries: { part: 'its configuration' }, leftOut: [] },
    },
  ],
  protect: planProtect,
  points: async (entry, world, remark) => {
    const { points, notes } = await readPoints(world.machine(pointsMachine(entry)), entry);
    for (const note of notes) remark?.(note);
    return points;
  },
  series: ({ manifest }) => `${manifest.source['machine_id']}`,
  holdsPaths: true,
  scout: scoutTree,
  restore: (entry, wish, _context, scouted) =>
    planTreeRestore(
      entry,
      wish,
      'a host is not overwritten while it runs: bring its files beside it, and take what you need',
      scouted,
    ),
  stepKinds: [gatherKind, copyKind],
});
