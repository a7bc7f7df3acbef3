// The plan of one run: a single step, since only a look at what is there tells what there is to do. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, layerFolder } from '../common/points/places.ts';
import { type Snapshots, snapshotsOf } from '../common/sources/snapshots.ts';
import { type FilesEntry, foldersOf } from './schema.ts';

export function planProtect(entry: FilesEntry, context: LayerContext): Planned {
  if (!('snapshots_of' in entry.from)) return { steps: [lookStep(entry, context, undefined)], notes: [], refusals: [] };
  const snapshots = snapshotsOf(entry, entry.from.snapshots_of, context);
  if ('remedy' in snapshots) return { steps: [], notes: [], refusals: [snapshots] };
  return { steps: [lookStep(entry, context, snapshots)], notes: [], refusals: [] };
}

function lookStep(entry: FilesEntry, { timeZone }: LayerContext, snapshots: Snapshots | undefined): Step {
  const what =
    snapshots === undefined
      ? foldersOf(entry.from)
          .map(({ folder }) => shown(folder))
          .join(', ')
      : `the newest snapshots of ${shown(snapshots.name)}`;
  return {
    id: 'look',
    kind: 'files.look',
    subject: ref('layer', entry.name),
    act: 'do',
    title: `copy the files of ${what} into restore points in ${shown(layerFolder(entry))}`,
    because: [`the layer ${entry.name} protects the workload ${entry.workload} with it`],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({ entry, timeZone, snapshots }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(30),
  };
}
