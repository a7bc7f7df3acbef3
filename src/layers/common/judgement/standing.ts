// Whether a suspicion stands, and what that means for points: which the next one is judged against, which are held, which may leave
// the house. Known from the points and the approvals alone. Pure.
import { heldBySuspicion, type RestorePoint } from '../../../model/restore-point.ts';
import { judgedIn, type Suspicious } from './record.ts';
import type { Approval } from './thresholds.ts';

export type Standing = Readonly<{
  /** the newest point that is known to be fine: the next one is judged against it */
  base: RestorePoint | undefined;
  /** suspicious points that nobody has approved, oldest first; a suspicion stands where there is any */
  suspicious: readonly Readonly<{ point: RestorePoint; judged: Suspicious }>[];
}>;

/** @param points of one source, oldest first */
export function standingOf(points: readonly RestorePoint[], approved: readonly Approval[] = []): Standing {
  let base: RestorePoint | undefined;
  let suspicious: Standing['suspicious'] = [];
  for (const point of points) {
    const judged = judgedIn(point.manifest);
    const against = judged?.against ?? undefined;
    if (judged?.verdict === 'suspicious' && !approved.some(({ suspicion }) => suspicion === judged.suspicion)) {
      suspicious = [...suspicious, { point, judged }];
      continue;
    }
    // Only what was compared with the point that was held takes the suspicion away.
    if (suspicious.length > 0 && judged?.verdict !== 'suspicious' && !isFineAgainst(judged?.verdict, against, base))
      continue;
    if (judged?.verdict === 'not known' && base !== undefined) continue;
    base = point;
    suspicious = [];
  }
  return { base, suspicious };
}

const isFineAgainst = (
  verdict: string | undefined,
  against: string | undefined,
  base: RestorePoint | undefined,
): boolean => verdict === 'fine' && base !== undefined && against === base.manifest.id;

/** Why the points up to the last one that is fine are held; undefined where no suspicion stands. */
export function holdOf({ suspicious }: Standing): string | undefined {
  const [first] = suspicious;
  return first === undefined ? undefined : heldBySuspicion(first.judged.suspicion, first.point.manifest.id);
}

/** The points as retention is to see them: while a suspicion stands, nothing up to the last one that is fine is removed. */
export function withHolds(points: readonly RestorePoint[], standing: Standing): readonly RestorePoint[] {
  const hold = holdOf(standing);
  if (hold === undefined) return points;
  const kept = new Set(heldPoints(points, standing));
  return points.map((point) => (kept.has(point) ? { ...point, held: point.held ?? hold } : point));
}

/** Those that a suspicion holds: all from before the first suspicious one. */
export function heldPoints(points: readonly RestorePoint[], { suspicious }: Standing): readonly RestorePoint[] {
  const [first] = suspicious;
  return first === undefined ? [] : points.filter(({ manifest }) => manifest.takenAt < first.point.manifest.takenAt);
}

/** Why a point may not be copied to another place; undefined where it may. */
export function staysHere(point: RestorePoint, { suspicious }: Standing): string | undefined {
  const found = suspicious.find((one) => one.point.manifest.id === point.manifest.id);
  return found === undefined ? undefined : `its content is suspicious (suspicion ${found.judged.suspicion})`;
}
