// What programs write out to the restore points of it. Pure.
import type { Route } from '../../model/route.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import type { CommandEntry } from './schema.ts';

export const routesOf = (entry: CommandEntry): readonly Route[] => [
  {
    reads: entry.commands.map(({ name }) => ({ what: 'databases', on: entry.machine, of: `what ${name} writes out` })),
    writes: { what: 'folder', on: pointsMachine(entry), at: layerFolder(entry), disk: entry.mounted_at },
    carries: 'everything',
    leftOut: [],
  },
];
