// The storage of a vault to the restore points of it. Pure.
import type { Route } from '../../model/route.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import type { VaultEntry } from './schema.ts';

export const routesOf = (entry: VaultEntry): readonly Route[] => [
  {
    reads: [{ what: 'databases', on: entry.machine, of: `Vault at ${new URL(entry.url).host}` }],
    writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
    carries: 'everything',
    leftOut: [],
  },
];
