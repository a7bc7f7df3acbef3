// The share to its mirror. Pure.
import type { Route } from '../../model/route.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import type { MirrorEntry } from './schema.ts';

export const routesOf = (entry: MirrorEntry): readonly Route[] => [
  {
    reads: [{ what: 'folder', on: entry.machine, at: entry.from.folder }],
    writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
    carries: 'everything',
    leftOut: entry.exclude.map(({ path, reason, owner, review_by, regenerable }) => ({
      ...{ what: path, reason, owner, review_by, regenerable: regenerable === true },
    })),
  },
];
