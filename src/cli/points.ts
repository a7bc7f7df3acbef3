// `points`: the restore points that are really there. Each is read from its own manifest, not from memory.
import { dirname } from 'node:path';
import { formatDuration } from '../values/duration.ts';
import { between } from '../values/instant.ts';
import { bytes, formatSize } from '../values/size.ts';
import type { PointsAnswer } from './answers.ts';
import type { Command } from './command.ts';
import { layersOf, layersOfWorkload } from './layers.ts';
import { open } from './open.ts';
import { tableFor } from './table.ts';

export const points: Command<PointsAnswer> = {
  name: 'points',
  says: 'restore points, with age and place',
  run: async (invocation) => {
    const { holdfast, estate } = await open(invocation);
    const [workload] = invocation.arguments;
    const wanted = workload === undefined ? layersOf(estate) : layersOfWorkload(estate, workload);
    await using world = holdfast.world(estate);
    const now = world.clock.now();
    const found = (
      await Promise.all(
        wanted.map(async ({ layer, entry }) =>
          (
            await layer.points(entry, world)
          ).map((point) => ({ ...point, layer: entry.name, workload: entry.workload })),
        ),
      )
    ).flat();
    const rows = found.map(({ manifest, machine, folder, held, ...point }) => [
      point.workload,
      point.layer,
      manifest.takenAt,
      formatDuration(between(manifest.takenAt, now)),
      formatSize(bytes(point.bytes)),
      `${machine}:${dirname(folder)}`,
      held === undefined ? 'sealed' : `held: ${held}`,
      manifest.id,
    ]);
    const head = ['workload', 'layer', 'taken', 'age', 'size', 'place', 'state', 'point'];
    return {
      exit: 'fine',
      value: found.map((point) => ({ ...point, readAt: now })),
      text: rows.length === 0 ? 'There is no restore point yet.\n' : tableFor(invocation, head, rows),
    };
  },
};
