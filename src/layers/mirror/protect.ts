// The plan of one run: a single step, since only the journal tells what there is to do. Pure.
import type { Planned } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { lane, layerFolder } from '../common/points/places.ts';
import type { MirrorEntry } from './schema.ts';

export const shareRef = ({ machine, from }: MirrorEntry): Ref => ref('folder', machine, from.folder);

export function planProtect(entry: MirrorEntry, { timeZone }: Readonly<{ timeZone: string }>): Planned {
  const bring: Step = {
    id: 'bring',
    kind: 'mirror.bring',
    subject: shareRef(entry),
    act: 'do',
    title: `carry what changed in ${shown(entry.from.folder)} to ${shown(layerFolder(entry))} on ${pointsMachine(entry)}`,
    because: [
      `the layer ${entry.name} protects the workload ${entry.workload} with it`,
      `the journal in ${shown(entry.from.journal)} says what changed; above ${entry.budget} % removed or overwritten it stops`,
    ],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, entry.from.folder), lane(pointsMachine(entry), entry.to)],
    risk: 'changes',
    needs: [],
    expects: [],
    given: asGiven({ entry, timeZone }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(60),
  };
  return { steps: [bring], notes: [], refusals: [] };
}
