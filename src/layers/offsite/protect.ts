// The plan of one run: a single step, since only both ends together tell what is missing. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { hours } from '../../values/duration.ts';
import { asGiven } from '../common/given.ts';
import { lane } from '../common/points/places.ts';
import { sourcesOf } from './layers-of.ts';
import { placeRef, prefixOf } from './places.ts';
import type { OffsiteEntry } from './schema.ts';

/** What the plan relies on, as long as the estate is the same. */
export const declared = digestOf('the layers whose points are copied are declared');

export function planProtect(entry: OffsiteEntry, { timeZone, layers: all }: LayerContext): Planned {
  const { layers, refusals } = sourcesOf(entry, all);
  if (refusals.length > 0) return { steps: [], notes: [], refusals };
  const subject = placeRef(entry);
  const where =
    entry.remote === undefined ? `${prefixOf(entry)} on ${entry.to_machine ?? entry.machine}` : prefixOf(entry);
  const look: Step = {
    id: 'look',
    kind: 'offsite.look',
    subject,
    act: 'do',
    title: `compare the sealed points of ${entry.points_of.join(', ')} with the copies in ${where}, and send what is missing`,
    because: [`the layer ${entry.name} keeps copies of them there`],
    changes: [],
    after: [],
    lanes: [lane(entry.to_machine ?? entry.machine, entry.to ?? prefixOf(entry))],
    risk: 'adds',
    needs: [],
    expects: [{ subject, says: 'the layers whose points are copied are declared', digest: declared }],
    given: asGiven({ entry, layers, timeZone }),
    wayBack: 'undo',
    expands: true,
    patience: hours(1),
  };
  return { steps: [look], notes: [], refusals: [] };
}
