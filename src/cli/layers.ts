// What `run`, `points` and `restore` share: the layers of an estate with their kinds.
import type { LayerKind } from '../contracts/layer.ts';
import { Fault } from '../fault.ts';
import { kinds } from '../kinds.ts';
import type { Estate, LayerEntry } from '../model/estate.ts';
import type { Risk } from '../model/step.ts';
import type { LayerPlanning } from '../plan/layer-plan.ts';
import type { Clock } from '../values/instant.ts';
import { normaliseKeep } from '../values/retention.ts';

export type LayerOfEstate = Readonly<{ layer: LayerKind; entry: LayerEntry }>;

export function layersOf(estate: Estate): readonly LayerOfEstate[] {
  return estate.layers.flatMap((entry) => {
    const layer: LayerKind | undefined = kinds.layers.find(({ kind }) => kind === entry.kind);
    return layer === undefined ? [] : [{ layer, entry }];
  });
}

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

export const planningIn = (estate: Estate, clock: Clock): LayerPlanning => ({
  estate: estate.name,
  timeZone: estate.time_zone,
  now: clock.now(),
  layers: estate.layers,
});

/** A declared retention is the standing consent to remove what it no longer keeps. */
export const standingConsent = (entry: LayerEntry): Risk =>
  normaliseKeep(entry.keep).keep_all === 1 ? 'adds' : 'loses a restore point';
