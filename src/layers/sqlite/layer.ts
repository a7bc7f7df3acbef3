// The layer `sqlite`: databases found by what they are, copied at one moment, checked, and sealed (docs/layers/sqlite.md).
import { defineLayer } from '../../contracts/layer.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { checkKind } from './check-step.ts';
import { copyKind } from './copy.ts';
import { lookKind } from './look.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { routesOf } from './routes.ts';
import { isCopying, type SqliteEntry, sqliteEntry } from './schema.ts';

export const sqlite = defineLayer<SqliteEntry>({
  kind: 'sqlite',
  schema: sqliteEntry,
  destinations: (entry) => (isCopying(entry) ? [{ machine: entry.machine, folder: layerFolder(entry) }] : []),
  routes: routesOf,
  protect: planProtect,
  points: async (entry, world, remark) => {
    if (!isCopying(entry)) return [];
    const { points, notes } = await readPoints(world.machine(entry.machine), entry);
    for (const note of notes) remark?.(note);
    return points;
  },
  series: ({ manifest: { source } }) => `${source['line'] ?? source['folder'] ?? source['files']}`,
  holdsPaths: true,
  scout: scoutTree,
  restore: planRestore,
  stepKinds: [lookKind, copyKind, checkKind],
});
