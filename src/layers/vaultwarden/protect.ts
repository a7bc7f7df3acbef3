// The plan of one run: a single step, since only the live database tells whether there is anything to copy. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { lane, layerFolder } from '../common/points/places.ts';
import type { VaultwardenEntry } from './schema.ts';

export function planProtect(entry: VaultwardenEntry, { timeZone }: Pick<LayerContext, 'timeZone'>): Planned {
  const subject = ref('layer', entry.name);
  const machine = pointsMachine(entry);
  const look: Step = {
    id: 'look',
    kind: 'vaultwarden.look',
    subject,
    act: 'do',
    title: `ask whether the database in ${shown(entry.data)} on ${entry.machine} is sound, then copy all of it into a restore point in ${shown(layerFolder(entry))}`,
    because: [`the layer ${entry.name} protects the workload ${entry.workload} with it`],
    changes: [],
    after: [],
    lanes: [lane(machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({ entry, timeZone }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(70),
  };
  const says =
    `its points hold the server's keys, and what is in config.json: they are only as safe as the disk behind ${shown(entry.to)} on ` +
    `${machine}. \`encrypt_to\` encrypts them`;
  const isSafe = entry.encrypt_to !== undefined || entry.protected !== undefined;
  const notes: readonly Note[] = isSafe ? [] : [{ subject, level: 'warning', says }];
  return { steps: [look], notes, refusals: [] };
}
