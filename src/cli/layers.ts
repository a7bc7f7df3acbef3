// What `points` and `restore` share: the layers of an estate with their kinds, by what they protect.
import { Fault } from '../fault.ts';
import { type LayerOfEstate, layersOf } from '../layers-of-estate.ts';
import type { Estate } from '../model/estate.ts';

export { planningIn } from '../job-plan.ts';
export { type LayerOfEstate, layersOf } from '../layers-of-estate.ts';

export function layersOfWorkload(estate: Estate, workload: string): readonly LayerOfEstate[] {
  const found = layersOf(estate).filter(({ entry }) => entry.workload === workload);
  if (found.length > 0) return found;
  const known = [...new Set(estate.layers.map((entry) => entry.workload))].sort();
  throw new Fault('workload-unknown', {
    where: workload,
    says: 'no layer of the estate protects a workload of that name',
    remedy: known.length === 0 ? 'declare a layer for it' : `protected are: ${known.join(', ')}`,
    exit: 'misused',
  });
}
