// Which points may go, and with them what the run after each has displaced: the oldest ones only, since every point needs all that was
// kept since. Pure.
import type { RestorePoint } from '../../model/restore-point.ts';
import { between, type Instant } from '../../values/instant.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import type { Removal } from '../common/points/prune-decision.ts';
import type { MirrorEntry } from './schema.ts';

/**
 * @param points sealed, oldest first
 * @param remove what `keep` lets go
 */
export function forgettable(
  { kept_for }: Pick<MirrorEntry, 'kept_for'>,
  points: readonly RestorePoint[],
  remove: readonly Removal[],
  now: Instant,
): readonly Removal[] {
  const span = parseTimeSpan(kept_for);
  if (typeof span !== 'number') return [];
  const going: Removal[] = [];
  for (const [index, point] of points.entries()) {
    const next = points[index + 1];
    const removal = remove.find((one) => one.point.manifest.id === point.manifest.id);
    if (next === undefined || removal === undefined || point.held !== undefined) break;
    if (between(next.manifest.takenAt, now) < span) break;
    going.push({ point, because: `what was displaced after it was kept for ${kept_for}, and ${removal.because}` });
  }
  return going;
}
