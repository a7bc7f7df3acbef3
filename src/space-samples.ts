// How full each disk was, a look a day: what tells how it fills, also by what others write there. Looked at after every run of a layer.
import type { Holdfast } from './holdfast.ts';
import { inTime } from './in-time.ts';
import { layersOf } from './layers-of-estate.ts';
import type { Estate } from './model/estate.ts';
import { keepSamples, type Sample } from './routes/observed-growth.ts';
import type { Json } from './values/canonical.ts';
import type { OpenWorld } from './world.ts';

const memoryOf = (machine: string, folder: string): string => `space/${machine}/${folder}`;

export function samplesOf(world: Pick<OpenWorld, 'recall'>, machine: string, folder: string): readonly Sample[] {
  return (world.recall(memoryOf(machine, folder))?.value as unknown as readonly Sample[] | undefined) ?? [];
}

/** Only after a run that has written there: a disk that has just failed it is asked nothing more. */
export async function sampleAfter(holdfast: Holdfast, estate: Estate, job: string): Promise<void> {
  const one = layersOf(estate).find(({ entry }) => entry.name === job);
  const places = one?.layer.destinations(one.entry) ?? [];
  if (places.length === 0) return;
  await using world = holdfast.world(estate);
  for (const { machine, folder } of places)
    try {
      const space = await inTime(world, world.machine(machine).files.space(folder), undefined);
      if (space === undefined) continue;
      const { free, total } = space;
      const fresh = { at: world.clock.now(), used: total - free, total };
      world.remember(
        memoryOf(machine, folder),
        keepSamples(samplesOf(world, machine, folder), fresh) as unknown as Json,
      );
    } catch {
      // How the run ended is written. A day without a look is one the less to tell growth by, and where there are too few that is said.
    }
}
