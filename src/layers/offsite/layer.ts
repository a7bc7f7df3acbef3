// The layer `offsite`: sealed restore points of other layers, copied to another place and read back there (docs/layers/offsite.md).
import { defineLayer } from '../../contracts/layer.ts';
import { fetchKind } from './fetch.ts';
import { lookKind } from './look.ts';
import { prefixOf } from './places.ts';
import { readCopies } from './points.ts';
import { planProtect } from './protect.ts';
import { planRestore, scoutCopy } from './restore.ts';
import { routesOf } from './routes.ts';
import { type OffsiteEntry, offsiteEntry } from './schema.ts';
import { sendKind } from './send.ts';
import { seriesOf } from './source-key.ts';

export const offsite = defineLayer<OffsiteEntry>({
  kind: 'offsite',
  schema: offsiteEntry,
  destinations: (entry) =>
    entry.to === undefined ? [] : [{ machine: entry.to_machine ?? entry.machine, folder: prefixOf(entry) }],
  routes: routesOf,
  protect: planProtect,
  points: readCopies,
  series: ({ manifest }) => seriesOf(manifest),
  holdsPaths: true,
  scout: scoutCopy,
  restore: planRestore,
  stepKinds: [lookKind, sendKind, fetchKind],
});
