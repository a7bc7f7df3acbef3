// A layer of dumps, made of what its kind of server brings.
import type * as z from 'zod';
import type { LayerOf } from '../../../contracts/layer.ts';
import type { StepKind } from '../../../contracts/step-kind.ts';
import type { Route } from '../../../model/route.ts';
import { digestOf } from '../../../values/canonical.ts';
import { pointsMachine } from '../points/entry.ts';
import { layerFolder } from '../points/places.ts';
import { readPoints } from '../points/points.ts';
import type { Dumps } from './dump.ts';
import type { DumpEntry } from './entry.ts';
import { planDumps } from './plan.ts';
import { dumpStepKinds } from './steps.ts';
import { takenIn } from './taken.ts';

export type DumpLayer<Entry extends DumpEntry> = Readonly<{
  dumps: Dumps<Entry>;
  schema: z.ZodType<Entry>;
  routes(entry: Entry): readonly Route[];
}> &
  Pick<LayerOf<Entry>, 'scout' | 'restore' | 'targets'> &
  Readonly<{ stepKinds: readonly StepKind[] }>;

export function dumpLayer<Entry extends DumpEntry>(layer: DumpLayer<Entry>): LayerOf<Entry> {
  const { dumps, schema, routes, scout, restore, targets, stepKinds } = layer;
  return {
    kind: dumps.kind,
    schema,
    destinations: (entry) => [{ machine: pointsMachine(entry), folder: layerFolder(entry) }],
    routes,
    protect: planDumps,
    points: async (entry, world, remark) => {
      const { points, notes } = await readPoints(world.machine(pointsMachine(entry)), entry);
      for (const note of notes) remark?.(note);
      return points;
    },
    parts: ({ manifest }) => takenIn(manifest).map(({ name }) => name),
    series: ({ manifest }) => digestOf(manifest.source),
    ...(targets === undefined ? {} : { targets }),
    ...(scout === undefined ? {} : { scout }),
    restore,
    stepKinds: [...dumpStepKinds(dumps, schema), ...stepKinds],
  };
}
