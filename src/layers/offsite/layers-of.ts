// The layers whose points are copied, as the estate has them: their points must be folders, and lie on one machine. Pure.

import type { LayerEntry } from '../../model/estate.ts';
import type { Refusal } from '../../model/plan.ts';
import { ref } from '../../values/ref.ts';
import { type PointEntry, pointsMachine } from '../common/points/entry.ts';
import type { OffsiteEntry, SourceLayer } from './schema.ts';

export type Sources = Readonly<{ layers: readonly SourceLayer[]; refusals: readonly Refusal[] }>;

const isCopy = ({ kind }: LayerEntry): boolean => kind === 'offsite' || kind === 'mirror';

export function sourcesOf(entry: Pick<OffsiteEntry, 'name' | 'points_of'>, all: readonly LayerEntry[]): Sources {
  const layers: SourceLayer[] = [];
  const refusals: Refusal[] = [];
  const refuse = (says: string, remedy: string) =>
    refusals.push({ subject: ref('layer', entry.name), code: 'offsite-source-unfit', says, remedy });
  for (const name of entry.points_of) {
    const found = all.find((one) => one.name === name);
    const to = found === undefined || isCopy(found) ? undefined : (found as Partial<PointEntry>).to;
    if (found === undefined) refuse(`there is no layer ${name}`, 'correct `points_of`');
    else if (typeof to !== 'string')
      refuse(
        `the points of ${name} (${found.kind}) are no folders`,
        'name layers that write points into a folder `to`',
      );
    else {
      const { kind, workload } = found;
      const { suspicious_approved } = found as Partial<SourceLayer>;
      layers.push({ name, kind, workload, machine: pointsMachine(found as PointEntry), to, suspicious_approved });
    }
  }
  const machines = [...new Set(layers.map(({ machine }) => machine))];
  if (machines.length > 1)
    refuse(`their points lie on ${machines.join(' and on ')}`, 'make a layer of this kind for each of these machines');
  return { layers, refusals };
}
