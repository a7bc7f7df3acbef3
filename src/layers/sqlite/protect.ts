// The plan of one run: a single step, since only a look at what is there tells what there is to do. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lookStep } from '../common/look-step.ts';
import { layerFolder } from '../common/points/places.ts';
import { type Snapshots, snapshotsOf } from '../common/sources/snapshots.ts';
import { type CopyingEntry, isCopying, type SqliteEntry } from './schema.ts';

export function planProtect(entry: SqliteEntry, context: LayerContext): Planned {
  if (!isCopying(entry)) return checkOnly(entry);
  if (!('snapshots_of' in entry.from)) return { steps: [look(entry, context, undefined)], notes: [], refusals: [] };
  const snapshots = snapshotsOf(entry, entry.from.snapshots_of, context);
  if ('remedy' in snapshots) return { steps: [], notes: [], refusals: [snapshots] };
  return { steps: [look(entry, context, snapshots)], notes: [], refusals: [] };
}

function look(entry: CopyingEntry, { timeZone }: LayerContext, snapshots: Snapshots | undefined): Step {
  const where =
    'snapshots_of' in entry.from
      ? `the newest snapshots of ${shown(entry.from.snapshots_of)}`
      : 'folder' in entry.from
        ? shown(entry.from.folder)
        : entry.from.files.map(shown).join(', ');
  return lookStep(entry, {
    title: `look for databases in ${where}, and copy each into a restore point in ${shown(layerFolder(entry))}`,
    given: { timeZone, snapshots },
    patience: minutes(30),
  });
}

function checkOnly(entry: SqliteEntry): Planned {
  const files = 'files' in entry.from ? entry.from.files : [];
  const check: Step = {
    id: 'check',
    kind: 'sqlite.check',
    subject: ref('files', entry.machine, files[0] ?? ''),
    act: 'do',
    title: `ask whether ${files.map(shown).join(', ')} on ${entry.machine} is sound`,
    because: [`the layer ${entry.name} watches over the databases of the workload ${entry.workload}`],
    changes: [],
    after: [],
    lanes: [],
    risk: 'none',
    needs: [],
    expects: [],
    given: asGiven({ entry, files }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(45),
  };
  return { steps: [check], notes: [], refusals: [] };
}
