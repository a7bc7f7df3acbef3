// Keys of a server to the restore points of them. Pure.
import type { Route } from '../../model/route.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import { whereOf } from './client.ts';
import type { RedisEntry } from './schema.ts';

export const routesOf = (entry: RedisEntry): readonly Route[] => [
  {
    reads: [{ what: 'databases', on: entry.machine, of: `Redis at ${whereOf(entry.server)}` }],
    writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
    carries: 'everything',
    leftOut: [],
  },
];
