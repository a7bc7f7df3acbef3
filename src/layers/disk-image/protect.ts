// The plan of one run: a single step, since only an open image tells what there is to do. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, layerFolder } from '../common/points/places.ts';
import { thereIsAnImage } from './image.ts';
import { imageRef } from './places.ts';
import type { DiskImageEntry } from './schema.ts';

export function planProtect(entry: DiskImageEntry, { timeZone }: LayerContext): Planned {
  const subject = imageRef(entry);
  const open: Step = {
    id: 'open',
    kind: 'disk-image.open',
    subject,
    act: 'do',
    title: `open ${shown(entry.image)} read-only and copy its files into a new restore point in ${shown(layerFolder(entry))}`,
    because: [`the layer ${entry.name} protects the workload ${entry.workload} with it`],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, entry.image), lane(entry.machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [{ subject, says: 'the image is a file with something in it', digest: thereIsAnImage }],
    given: asGiven({ entry, timeZone }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(15),
  };
  return { steps: [open], notes: [], refusals: [] };
}
