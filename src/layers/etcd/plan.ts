// The plan of a run, with what an operator must know of what is in it. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { planDumps } from '../common/dumps/plan.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import type { EtcdEntry } from './schema.ts';

export function planSnapshots(entry: EtcdEntry, context: Pick<LayerContext, 'timeZone'>): Planned {
  const planned = planDumps(entry, context);
  if (entry.encrypt_to !== undefined || entry.protected !== undefined) return planned;
  const says =
    `a snapshot holds every Secret of a Kubernetes cluster, most often in the clear: whoever reads ${shown(layerFolder(entry))} on ` +
    `${pointsMachine(entry)} has all of them. \`encrypt_to\` encrypts its points`;
  return { ...planned, notes: [{ subject: ref('layer', entry.name), level: 'warning', says }] };
}
