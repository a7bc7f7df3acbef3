// The plan of one run: a single step, since what is due is known from the points that are there. Pure.
import type { Planned } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, layerFolder } from '../common/points/places.ts';
import { firewallIsThere, firewallRef } from './firewall.ts';
import type { PfsenseEntry } from './schema.ts';

export function planProtect(entry: PfsenseEntry, { timeZone }: Readonly<{ timeZone: string }>): Planned {
  const subject = firewallRef(entry.machine);
  const way = entry.api === undefined ? 'by ssh' : `by the API at ${entry.api.url}`;
  const look: Step = {
    id: 'look',
    kind: 'pfsense.look',
    subject,
    act: 'do',
    title: `take config.xml of ${entry.machine}, and an archive where one is due, into ${shown(layerFolder(entry))}`,
    because: [`the layer ${entry.name} protects the workload ${entry.workload} with it; config.xml comes ${way}`],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, '/cf'), lane(entry.to_machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [{ subject, says: 'the firewall is declared', digest: firewallIsThere }],
    given: asGiven({ entry, timeZone }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(10),
  };
  const says =
    `its points hold keys and password hashes as they are: they are only as safe as the disk behind ${shown(entry.to)} on ` +
    `${entry.to_machine}. \`encrypt_to\` encrypts them`;
  const notes: readonly Note[] = entry.encrypt_to === undefined ? [{ subject, level: 'warning', says }] : [];
  return { steps: [look], notes, refusals: [] };
}
