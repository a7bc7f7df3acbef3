// A layer that reads what it has made, by itself or by way of others: each run would make all of it larger, until the disk is full.
import { circlesIn, type SameHost } from '../../model/route-graph.ts';
import { type Remark, remark } from '../problem.ts';
import type { Placed } from './destinations.ts';

export function circleRemarks(layers: readonly Placed[], hostOf: SameHost): readonly Remark[] {
  const legs = layers.flatMap(({ entry, routes }) => routes.map((route) => ({ carrier: entry.name, route })));
  return circlesIn(legs, hostOf).flatMap((circle) => {
    const at = layers.find(({ entry }) => entry.name === circle[0]);
    if (at === undefined) return [];
    const round = [...circle, circle[0]].join(' -> ');
    const says =
      circle.length === 1
        ? 'reads the folder that it writes to: each run would copy all earlier ones'
        : `reads copies that come from itself: ${round}`;
    return [remark(at.path, `${says}; leave that folder out by its path, or write elsewhere`)];
  });
}
