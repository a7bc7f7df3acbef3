// Every restore point of every layer, read from where it lies. A layer that cannot be read hides none of the others, and is
// said: "unknown" is not "none".
import type { LayerKind } from '../contracts/layer.ts';
import type { World } from '../contracts/world.ts';
import { asFault, type FaultRecord } from '../fault.ts';
import type { LayerEntry } from '../model/estate.ts';
import type { Note } from '../model/plan.ts';
import type { RestorePoint } from '../model/restore-point.ts';
import type { Instant } from '../values/instant.ts';

export type PointsOfLayer = Readonly<{
  layer: string;
  kind: string;
  workload: string;
  /** sealed, oldest first */
  points: readonly RestorePoint[];
  /** what else lies there: damaged, unfinished, foreign */
  remarks: readonly Note[];
  /** why nothing is known of it */
  unread: FaultRecord | undefined;
  readAt: Instant;
}>;

type LayerOfEstate = Readonly<{ layer: LayerKind; entry: LayerEntry }>;

export function readPoints(layers: readonly LayerOfEstate[], world: World): Promise<readonly PointsOfLayer[]> {
  return Promise.all(
    layers.map(async ({ layer, entry }): Promise<PointsOfLayer> => {
      const remarks: Note[] = [];
      const about = { layer: entry.name, kind: entry.kind, workload: entry.workload };
      const readAt = world.clock.now();
      try {
        const points = await layer.points(entry, world, (note) => remarks.push(note));
        return { ...about, points, remarks, unread: undefined, readAt };
      } catch (error) {
        return { ...about, points: [], remarks, unread: asFault(error, entry.name).toJSON(), readAt };
      }
    }),
  );
}

/** A layer may protect workloads that only the cluster names: then the point itself says whose it is. */
export const isOf = (workload: string, of: PointsOfLayer, { manifest }: RestorePoint): boolean =>
  of.workload === workload || manifest.workload === workload;
