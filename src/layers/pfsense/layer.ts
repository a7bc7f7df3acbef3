// The layer `pfsense`: the configuration of a pfSense firewall, and in each week everything beside it (docs/layers/pfsense.md).
import { defineLayer } from '../../contracts/layer.ts';
import { digestOf } from '../../values/canonical.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { lookKind } from './look.ts';
import { planProtect } from './protect.ts';
import { type PfsenseEntry, pfsenseEntry } from './schema.ts';
import { takeKind } from './take.ts';

export const pfsense = defineLayer<PfsenseEntry>({
  kind: 'pfsense',
  schema: pfsenseEntry,
  destinations: (entry) => [{ machine: entry.to_machine, folder: layerFolder(entry) }],
  routes: (entry) => [
    {
      reads: [{ what: 'firewall', on: entry.machine }],
      writes: { what: 'folder', on: entry.to_machine, at: layerFolder(entry), disk: entry.mounted_at },
      carries: entry.archive === 'never' ? { part: 'config.xml' } : 'everything',
      leftOut: [],
    },
  ],
  protect: planProtect,
  points: async (entry, world, remark) => {
    const { points, notes } = await readPoints(world.machine(entry.to_machine), entry);
    for (const note of notes) remark?.(note);
    return points;
  },
  series: ({ manifest }) => digestOf(manifest.source),
  holdsPaths: true,
  scout: scoutTree,
  restore: (entry, wish, _context, scouted) =>
    planTreeRestore(
      entry,
      wish,
      'nothing is written on a firewall that runs: bring the files beside it, and upload config.xml',
      scouted,
    ),
  stepKinds: [lookKind, takeKind],
});
