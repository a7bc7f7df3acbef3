// Which points stay where they are. The one place that asks how content was judged: a point that looks like an attack must not push the
// copies of what was there before it out of their places. Pure.
import type { RestorePoint } from '../../model/restore-point.ts';
import { type Standing, standingOf, staysHere } from '../common/judgement/standing.ts';
import { byAge } from './decide.ts';
import type { SourceLayer } from './schema.ts';
import { seriesOf } from './source-key.ts';

/** @param points all that are sealed, sent or not: only all of a source together tell whether a suspicion stands */
export function withheldIn(
  layers: readonly Pick<SourceLayer, 'name' | 'suspicious_approved'>[],
  points: readonly RestorePoint[],
): (point: RestorePoint) => string | undefined {
  const says = new Map<RestorePoint, string>();
  for (const series of Map.groupBy(points, ({ manifest }) => seriesOf(manifest)).values()) {
    const layer = layers.find(({ name }) => name === series[0]?.manifest.layer);
    const standing = standingOf(series.toSorted(byAge), layer?.suspicious_approved);
    for (const point of series) {
      const why = whyNot(point, standing);
      if (why !== undefined) says.set(point, why);
    }
  }
  return (point) => says.get(point);
}

const remedy = 'look at what changed, then approve it (`suspicious_approved`) or bring the files back';

function whyNot(point: RestorePoint, standing: Standing): string | undefined {
  const itself = staysHere(point, standing);
  if (itself !== undefined) return `not sent: ${itself}; ${remedy}`;
  const [first] = standing.suspicious;
  if (first === undefined || byAge(point, first.point) < 0) return undefined;
  return `not sent: it was taken after ${first.point.manifest.id}, whose suspicion ${first.judged.suspicion} stands; ${remedy}`;
}
