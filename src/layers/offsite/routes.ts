// Sealed points from where they are made to where their copies lie. Pure.
import type { Route, RouteTarget } from '../../model/route.ts';
import { prefixOf } from './places.ts';
import type { OffsiteEntry } from './schema.ts';

export const routesOf = (entry: OffsiteEntry): readonly Route[] => [
  {
    reads: entry.points_of.map((of) => ({ what: 'points', of })),
    writes: targetOf(entry),
    carries: 'everything',
    leftOut: [],
  },
];

const targetOf = (entry: OffsiteEntry): RouteTarget =>
  entry.remote === undefined
    ? { what: 'folder', on: entry.to_machine ?? entry.machine, at: prefixOf(entry), disk: entry.mounted_at }
    : { what: 'remote', at: prefixOf(entry) };
