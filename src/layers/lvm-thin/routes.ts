// Where snapshots lie: in the pool of what they are taken of, so that they are a copy for slips, and none for a lost disk. Pure.
import type { Route } from '../../model/route.ts';
import type { VolumeExclusion } from '../common/lvm/entry.ts';
import type { LvmThinEntry } from './schema.ts';

export function routesOf({ machine, volume_group, pool, volumes, exclude = [] }: LvmThinEntry): readonly Route[] {
  const within = `${volume_group}/${pool}`;
  return [
    {
      reads: [{ what: 'volumes', on: machine, in: within, named: volumes }],
      writes: { what: 'volumes', on: machine, in: within },
      carries: 'everything',
      leftOut: exclude.map((one) => ({
        ...{ what: nameOf(one), reason: one.reason, owner: one.owner, review_by: one.review_by },
        regenerable: one.regenerable === true,
      })),
    },
  ];
}

function nameOf({ namespace, claim, volume }: VolumeExclusion): string {
  if (namespace !== undefined) return `namespace ${namespace}`;
  return claim === undefined ? `volume ${volume}` : `claim ${claim}`;
}
