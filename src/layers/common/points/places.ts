// Where everything lies. `to/LAYER/` belongs to one layer alone; in it each sealed point has a folder, and what is being
// written or removed has a name that begins with a dot and carries the run's id.
import { join } from 'node:path';
import type { PointId } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import type { Instant } from '../../../values/instant.ts';
import { type Ref, ref } from '../../../values/ref.ts';
import type { PointEntry } from './entry.ts';

export const manifestName = 'manifest.json';
/** A file of this name in a point's folder, with the reason as its text, keeps retention away from it. */
export const holdName = 'HOLD';

export const layerFolder = ({ to, name }: Pick<PointEntry, 'to' | 'name'>): string => join(to, name);

/**
 * Sorts by time; the run makes it unique, and the item where one run makes several. A colon would not survive a copy to many
 * shares.
 */
export const pointId = (takenAt: Instant, run: RunId, item?: string): PointId =>
  `${takenAt.replaceAll(':', '-')}-${run}${behind(item)}`;

const partial = '.partial-';
const removing = '.removing-';
export const partialFolder = (folder: string, run: RunId, item?: string): string =>
  join(folder, `${partial}${run}${behind(item)}`);
export const removingFolder = (folder: string, run: RunId, id: PointId): string =>
  join(folder, `${removing}${run}-${id}`);

const behind = (item: string | undefined): string => (item === undefined ? '' : `-${item}`);

/** What a name in the layer's folder is, besides a point. */
export function otherThan(name: string): 'unfinished' | 'half removed' | 'foreign' | undefined {
  if (name.startsWith(partial)) return 'unfinished';
  if (name.startsWith(removing)) return 'half removed';
  return name.startsWith('.') ? 'foreign' : undefined;
}

/** What a restore works in: below the target, because only there everything can be moved into place by renaming. */
export const workFolder = (target: string, run: RunId): string => join(target, `.holdfast-${run}`);

export const pointRef = (layer: string, id: PointId): Ref => ref('restore-point', layer, id);
export const targetRef = (machine: string, target: string): Ref => ref('folder', machine, target);

/** What may not be done at the same time on a machine: anything with this path. */
export const lane = (machine: string, path: string): string => `${machine}:${path}`;
