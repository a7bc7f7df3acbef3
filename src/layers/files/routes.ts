// Files from where they are to their generations. Pure.
import type { Route, RouteSource } from '../../model/route.ts';
import { layerFolder } from '../common/points/places.ts';
import type { FilesEntry } from './schema.ts';

export function routesOf(entry: FilesEntry): readonly Route[] {
  const { machine, mounted_at, exclude = [] } = entry;
  return [
    {
      reads: sourcesOf(entry),
      writes: { what: 'folder', on: machine, at: layerFolder(entry), disk: mounted_at },
      carries: 'everything',
      leftOut: exclude.map(({ path, workload, reason, owner, review_by, regenerable }) => ({
        what: workload === undefined ? path : `${path} of ${workload}`,
        ...{ reason, owner, review_by, regenerable: regenerable === true },
      })),
    },
  ];
}

const sourcesOf = ({ machine: on, from }: FilesEntry): readonly RouteSource[] =>
  'snapshots_of' in from
    ? [{ what: 'points', of: from.snapshots_of }]
    : from.folders.map(({ folder: at }) => ({ what: 'folder', on, at }));
