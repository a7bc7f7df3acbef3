// The layer `files`: volumes and folders copied file by file, each run a sealed generation of its own (docs/layers/files.md).
import { defineLayer } from '../../contracts/layer.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { copyKind } from './copy.ts';
import { lookKind } from './look.ts';
import { asGeneration } from './points.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { routesOf } from './routes.ts';
import { type FilesEntry, filesEntry, foldersOf } from './schema.ts';
import { weeksKind } from './weeks-step.ts';

export const files = defineLayer<FilesEntry>({
  kind: 'files',
  schema: filesEntry,
  destinations: (entry) =>
    [layerFolder(entry), entry.week_links ?? []].flat().map((folder) => ({ machine: entry.machine, folder })),
  routes: routesOf,
  protect: planProtect,
  points: async (entry, world, remark) => {
    const { points, notes } = await readPoints(world.machine(entry.machine), entry);
    for (const note of notes) remark?.(note);
    return points.map((point) => asGeneration(point, entry));
  },
  series: ({ manifest: { source } }) => `${source['line'] ?? source['folder']}`,
  holdsPaths: true,
  scout: scoutTree,
  restore: planRestore,
  canaries: ({ machine, from }) => {
    const [only, ...others] = foldersOf(from);
    return only === undefined || others.length > 0 ? undefined : { machine, folder: only.folder };
  },
  stepKinds: [lookKind, copyKind, weeksKind],
});
