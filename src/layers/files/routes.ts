// Files from where they are to their generations. Pure.
import type { Route, RouteSource } from '../../model/route.ts';
import { layerFolder } from '../common/points/places.ts';
import { type FilesEntry, foldersOf } from './schema.ts';

export function routesOf(entry: FilesEntry): readonly Route[] {
  const { machine, exclude = [] } = entry;
  return [
    {
      reads: sourcesOf(entry),
      writes: { what: 'folder', on: machine, at: layerFolder(entry), disk: entry.mounted_at },
      carries: 'everything',
      leftOut: exclude.map(({ path, workload, reason, owner, review_by, regenerable }) => ({
        what: workload === undefined ? path : `${path} of ${workload}`,
        ...{ reason, owner, review_by, regenerable: regenerable === true },
      })),
    },
  ];
}

function sourcesOf({ machine: on, from }: FilesEntry): readonly RouteSource[] {
  if ('snapshots_of' in from) return [{ what: 'points', of: from.snapshots_of }];
  return foldersOf(from).map(({ folder: at }) => ({ what: 'folder', on, at }));
}
