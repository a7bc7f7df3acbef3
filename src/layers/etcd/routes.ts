// Keys of a cluster to the restore points of them. Pure.
import type { Route } from '../../model/route.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import type { EtcdEntry } from './schema.ts';

export const routesOf = (entry: EtcdEntry): readonly Route[] => [
  {
    reads: [{ what: 'databases', on: entry.machine, of: `etcd at ${entry.server.url}` }],
    writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
    carries: 'everything',
    leftOut: [],
  },
];
