// The plan of one run: a single step, since only the live database tells whether there is anything to copy. Pure.
import type { LayerContext, Planned } from '../../contracts/layer.ts';
import { minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { lookStep } from '../common/look-step.ts';
import { inTheClear } from '../common/points/in-the-clear.ts';
import { layerFolder } from '../common/points/places.ts';
import type { VaultwardenEntry } from './schema.ts';

export function planProtect(entry: VaultwardenEntry, { timeZone }: Pick<LayerContext, 'timeZone'>): Planned {
  const look = lookStep(entry, {
    title: `ask whether the database in ${shown(entry.data)} on ${entry.machine} is sound, then copy all of it into a restore point in ${shown(layerFolder(entry))}`,
    given: { timeZone },
    patience: minutes(70),
  });
  return { steps: [look], notes: inTheClear(entry, "the server's keys, and what is in config.json"), refusals: [] };
}
