// Databases of a server to the restore points of them. Pure.
import type { Route } from '../../model/route.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import type { MysqlEntry } from './schema.ts';

export const routesOf = (entry: MysqlEntry): readonly Route[] => [
  {
    reads: [
      { what: 'databases', on: entry.machine, of: `MariaDB or MySQL at ${entry.server.host ?? 'its own socket'}` },
    ],
    writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
    carries: entry.databases === undefined ? 'everything' : { part: entry.databases.join(', ') },
    leftOut: (entry.exclude ?? []).map(({ database, reason, owner, review_by, regenerable }) => ({
      ...{ what: database, reason, owner, review_by, regenerable: regenerable === true },
    })),
  },
];
