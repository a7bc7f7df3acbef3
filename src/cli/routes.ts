// `routes`: the way of each byte to each copy, what is missing in it, and when the disks are full. Read-only.

import { ofWorkload } from '../routes/routes.ts';
import { routesAsText } from '../routes/routes-text.ts';
import { routesDeclared } from '../routes-now.ts';
import { targetsNow } from '../targets-now.ts';
import type { RoutesAnswer } from './answers.ts';
import type { Command } from './command.ts';
import { flag } from './command.ts';
import { unknownWorkload } from './layers.ts';
import { open } from './open.ts';

export const routes: Command<RoutesAnswer> = {
  name: 'routes',
  says: 'the way of each byte to each copy, gaps, and when disks are full',
  run: async (invocation) => {
    const { holdfast, estate } = await open(invocation);
    const [workload] = invocation.arguments;
    const { at, carriers, routed } = routesDeclared(holdfast, estate);
    const named = (name: string): boolean => estate.workloads.some((one) => one.name === name);
    if (workload !== undefined && !named(workload)) throw unknownWorkload(estate, workload);
    const wanted = workload === undefined ? routed : ofWorkload(routed, carriers, workload);
    await using world = holdfast.world(estate);
    invocation.show('looking at the disks');
    const looked = flag(invocation, 'offline') ? [] : await targetsNow(holdfast, world, estate, carriers);
    const own = new Set(wanted.ways.flatMap(({ copies }) => copies.map(({ carrier }) => carrier)));
    const targets = looked.filter(({ layers }) => layers.some((layer) => own.has(layer)));
    return {
      exit: 'fine',
      value: { at, ...wanted, targets },
      text: routesAsText(wanted, targets, invocation.paint),
    };
  },
};
