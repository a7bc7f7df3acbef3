// The plan of one run: a single step, since only the host itself tells what it has. Pure.
import type { Planned } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { lane, layerFolder } from '../common/points/places.ts';
import { answersAsAHost, hostRef } from './host.ts';
import { itemsOf } from './items.ts';
import type { HostConfigEntry } from './schema.ts';

export function planProtect(entry: HostConfigEntry, { timeZone }: Readonly<{ timeZone: string }>): Planned {
  const subject = hostRef(entry.machine);
  const required = itemsOf(entry).filter((item) => item.required);
  const gather: Step = {
    id: 'gather',
    kind: 'host-config.gather',
    subject,
    act: 'do',
    title: `gather the configuration of ${entry.machine} into a new restore point in ${shown(layerFolder(entry))}`,
    because: [
      `the layer ${entry.name} protects the workload ${entry.workload} with it`,
      required.length === 0
        ? 'nothing is required of it: the layer declares no `roles`'
        : `required of it: ${required.map(({ name }) => shown(name)).join(', ')}`,
    ],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, entry.staging), lane(pointsMachine(entry), entry.to)],
    risk: 'adds',
    needs: [],
    expects: [{ subject, says: 'the host answers, and has an id of its own', digest: answersAsAHost }],
    given: asGiven({ entry, timeZone }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(15),
  };
  return { steps: [gather], notes: notesOn(entry), refusals: [] };
}

function notesOn(entry: HostConfigEntry): readonly Note[] {
  if (entry.encrypt_to !== undefined) return [];
  const says =
    `its points hold keys and passwords as they are: they are only as safe as the disk behind ${shown(entry.to)} on ` +
    `${pointsMachine(entry)}. \`encrypt_to\` encrypts them`;
  return [{ subject: hostRef(entry.machine), level: 'warning', says }];
}
