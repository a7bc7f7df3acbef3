// What `points` and `restore` share: the layers of an estate with their kinds, by what they protect.
import type { World } from '../contracts/world.ts';
import { asFault, Fault } from '../fault.ts';
import { type LayerOfEstate, layersOf } from '../layers-of-estate.ts';
import type { Estate } from '../model/estate.ts';
import type { RestorePoint } from '../model/restore-point.ts';

export { planningIn } from '../job-plan.ts';
export { type LayerOfEstate, layersOf } from '../layers-of-estate.ts';

export function unknownWorkload(estate: Estate, workload: string): Fault {
  const known = [...new Set(estate.layers.map((entry) => entry.workload))].sort();
  return new Fault('workload-unknown', {
    where: workload,
    says: 'no layer of the estate protects a workload of that name, and no restore point is of one',
    remedy: known.length === 0 ? 'declare a layer for it' : `protected are: ${known.join(', ')}`,
    exit: 'misused',
  });
}

export type PointOfLayer = LayerOfEstate & Readonly<{ point: RestorePoint }>;
export type PointsOfWorkload = Readonly<{
  points: readonly PointOfLayer[];
  /** layers that could not be asked, where others could */
  silent: readonly (LayerOfEstate & Readonly<{ fault: Fault }>)[];
}>;

/**
 * By the estate's name of a workload, or by one that a layer has discovered by itself (`NAMESPACE/CLAIM`): those are known from the
 * points they have. Copies of its points that another layer keeps elsewhere are among them.
 */
export async function pointsOf(estate: Estate, workload: string | undefined, world: World): Promise<PointsOfWorkload> {
  const declared = layersOf(estate).filter(({ entry }) => workload === undefined || entry.workload === workload);
  const names = new Set(declared.map(({ entry }) => entry.name));
  const asked = declared.length > 0 ? [...declared, ...copying(estate, names)] : layersOf(estate);
  const answers = await Promise.allSettled(asked.map(({ layer, entry }) => layer.points(entry, world)));
  const points = answers.flatMap((answer, index) => {
    const of = asked[index];
    if (of === undefined || answer.status === 'rejected') return [];
    return answer.value
      .filter(({ manifest }) =>
        declared.length > 0 ? names.has(of.entry.name) || names.has(manifest.layer) : manifest.workload === workload,
      )
      .map((point) => ({ ...of, point }));
  });
  const silent = answers.flatMap((answer, index) => {
    const of = asked[index];
    return of === undefined || answer.status === 'fulfilled'
      ? []
      : [{ ...of, fault: asFault(answer.reason, of.entry.name) }];
  });
  const [first] = silent;
  if (points.length === 0 && first !== undefined) throw first.fault;
  if (points.length === 0 && declared.length === 0 && workload !== undefined) throw unknownWorkload(estate, workload);
  return { points, silent };
}

/** The layers that copy points of these, and are none of them. */
const copying = (estate: Estate, names: ReadonlySet<string>): readonly LayerOfEstate[] =>
  layersOf(estate).filter(
    ({ layer, entry }) =>
      !names.has(entry.name) &&
      layer
        .routes(entry, estate)
        .some(({ reads }) => reads.some((source) => source.what === 'points' && names.has(source.of))),
  );
