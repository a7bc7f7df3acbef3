// The plan of one run: a single step, since only a look at what is there tells what there is to do. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { lookStep } from '../common/look-step.ts';
import { layerFolder } from '../common/points/places.ts';
import { type Snapshots, snapshotsOf } from '../common/sources/snapshots.ts';
import { type FilesEntry, foldersOf } from './schema.ts';

export function planProtect(entry: FilesEntry, context: LayerContext): Planned {
  if (!('snapshots_of' in entry.from)) return { steps: [look(entry, context, undefined)], notes: [], refusals: [] };
  const snapshots = snapshotsOf(entry, entry.from.snapshots_of, context);
  if ('remedy' in snapshots) return { steps: [], notes: [], refusals: [snapshots] };
  return { steps: [look(entry, context, snapshots)], notes: [], refusals: [] };
}

function look(entry: FilesEntry, { timeZone }: LayerContext, snapshots: Snapshots | undefined): Step {
  const what =
    snapshots === undefined
      ? foldersOf(entry.from)
          .map(({ folder }) => shown(folder))
          .join(', ')
      : `the newest snapshots of ${shown(snapshots.name)}`;
  return lookStep(entry, {
    title: `copy the files of ${what} into restore points in ${shown(layerFolder(entry))}`,
    given: { timeZone, snapshots },
    patience: minutes(30),
  });
}
