// What a verdict leads to, for all layers whose points are judged: what retention may not touch, and what the run says.
import type { Manifest, RestorePoint } from '../../../model/restore-point.ts';
import type { Instant } from '../../../values/instant.ts';
import type { PointPlace } from '../points/sealing.ts';
import type { SourceKey } from '../points/source.ts';
import { complaintsOf, type Judged } from './record.ts';
import { type Standing, withHolds } from './standing.ts';

/** All points as retention is to see them; only those of this source are held by its suspicion. */
export function asRetentionSees(
  points: readonly RestorePoint[],
  own: readonly RestorePoint[],
  standing: Standing,
): readonly RestorePoint[] {
  const held = new Map(withHolds(own, standing).map((point) => [point.manifest.id, point]));
  return points.map((point) => held.get(point.manifest.id) ?? point);
}

/** What makes the run degraded for as long as a suspicion stands: of the newest point that shows it. */
export function suspicionIn(label: string, { suspicious }: Standing): readonly string[] {
  const newest = suspicious.at(-1);
  return newest === undefined ? [] : complaintsOf(newest.judged).map((line) => `${label}: ${line}`);
}

/** Nobody could judge: an operator must know, but of the first point, which has none before it. */
export const unjudgedIn = (label: string, judged: Judged, own: readonly RestorePoint[]): readonly string[] =>
  judged.verdict === 'not known' && own.length > 0
    ? [`${label}: whether its content was damaged is not known: ${judged.because}`]
    : [];

/** The point as it is about to be: what it means for the others is known before it is there. */
export function soonSealed(
  { entry, id, sealed }: PointPlace,
  run: string,
  source: SourceKey,
  takenAt: Instant,
  details: Manifest['details'],
): RestorePoint {
  return {
    manifest: {
      ...{ format: 1, id, layer: entry.name, kind: entry.kind, workload: entry.workload, takenAt },
      ...{ sealedAt: takenAt, run, source, counts: {}, parts: [], tools: {}, details },
    },
    ...{ machine: entry.machine, folder: sealed, bytes: 0, held: undefined },
  };
}
