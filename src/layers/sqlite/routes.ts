// Databases from where they are to the restore points of them; a layer that only asks whether they are sound carries nothing. Pure.
import type { Route, RouteSource } from '../../model/route.ts';
import { layerFolder } from '../common/points/places.ts';
import { isCopying, type SqliteEntry } from './schema.ts';

export function routesOf(entry: SqliteEntry): readonly Route[] {
  if (!isCopying(entry)) return [];
  const { machine, exclude = [] } = entry;
  return [
    {
      reads: sourcesOf(entry),
      writes: { what: 'folder', on: machine, at: layerFolder(entry), disk: entry.mounted_at },
      carries: { part: 'SQLite databases' },
      leftOut: exclude.map(({ database, workload, reason, owner, review_by, regenerable }) => ({
        what: workload === undefined ? database : `${database} of ${workload}`,
        ...{ reason, owner, review_by, regenerable: regenerable === true },
      })),
    },
  ];
}

function sourcesOf({ machine: on, from }: SqliteEntry): readonly RouteSource[] {
  if ('snapshots_of' in from) return [{ what: 'points', of: from.snapshots_of }];
  if ('folder' in from) return [{ what: 'folder', on, at: from.folder }];
  return from.files.map((at) => ({ what: 'file', on, at }));
}
