// The layer `disk-image`: files of a loop-mounted image, streamed into sealed restore points (docs/layers/disk-image.md).
import { defineLayer } from '../../contracts/layer.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { copyKind } from './copy.ts';
import { openKind } from './open.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type DiskImageEntry, diskImageEntry } from './schema.ts';

export const diskImage = defineLayer<DiskImageEntry>({
  kind: 'disk-image',
  schema: diskImageEntry,
  destinations: (entry) => [{ machine: entry.machine, folder: layerFolder(entry) }],
  routes: (entry) => [
    {
      reads: [{ what: 'file', on: entry.machine, at: entry.image }],
      writes: { what: 'folder', on: entry.machine, at: layerFolder(entry), disk: entry.mounted_at },
      ...{ carries: 'everything', leftOut: [] },
    },
  ],
  protect: planProtect,
  points: async (entry, world, remark) => {
    const { points, notes } = await readPoints(world.machine(entry.machine), entry);
    for (const note of notes) remark?.(note);
    return points;
  },
  series: ({ manifest }) => `${manifest.source['uuid']}`,
  holdsPaths: true,
  scout: scoutTree,
  restore: planRestore,
  stepKinds: [openKind, copyKind],
});
