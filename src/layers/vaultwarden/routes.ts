// A data folder to the restore points of it. Pure.
import type { Route } from '../../model/route.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import { leftOut } from './names.ts';
import type { VaultwardenEntry } from './schema.ts';

export const routesOf = (entry: VaultwardenEntry): readonly Route[] => [
  {
    reads: [{ what: 'folder', on: entry.machine, at: entry.data }],
    writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
    carries: { part: ['db.sqlite3, keys, attachments, sends and config.json', ...entry.also].join(', ') },
    leftOut,
  },
];
