// The holds of a suspicion, as files of the points themselves: whatever decides about pruning, now or by hand, meets them.
import { join } from 'node:path';
import type { Files } from '../../../machines/machine.ts';
import { isHeldBySuspicion, type RestorePoint } from '../../../model/restore-point.ts';
import { holdName } from '../points/places.ts';
import { heldPoints, holdOf, type Standing } from './standing.ts';

/** @param points of one source, as they were read; every hold is right when this ends. Bears being called again */
export async function settleHolds(files: Files, points: readonly RestorePoint[], standing: Standing): Promise<void> {
  const hold = holdOf(standing);
  const held = new Set(heldPoints(points, standing));
  for (const point of points) {
    const path = join(point.folder, holdName);
    if (hold !== undefined && held.has(point)) {
      if (point.held === undefined) await files.write(path, `${hold}\n`, 0o600);
    } else if (isHeldBySuspicion(point)) await files.remove(path);
  }
}
