// What the cluster says of its volumes, or said when it last answered: excluded namespaces stay excluded while it is silent.
import * as z from 'zod';
import type { World } from '../../contracts/world.ts';
import { asFault, Fault } from '../../fault.ts';
import type { Json } from '../../values/canonical.ts';
import type { Instant } from '../../values/instant.ts';
import type { Inventory } from '../common/kubernetes/cluster.ts';
import { readInventory } from '../common/kubernetes/inventory.ts';

export type Asked = Readonly<{
  cluster: string;
  /** undefined where it has never answered */
  inventory: Inventory | undefined;
  /** of when the inventory is */
  at: Instant | undefined;
  /** why the cluster could not be asked now */
  silent: string | undefined;
}>;

/** One memory for all layers that ask the same cluster. */
const memoryOf = (cluster: string): string => `cluster/${cluster}`;

/** As much of it as is leaned on: a state folder is a file like any other. */
const remembered = z.looseObject({
  cluster: z.string(),
  volumes: z.array(z.looseObject({})),
  workloads: z.array(z.looseObject({})),
});

/** Undefined where the layer names no cluster. */
export async function askCluster(
  world: World,
  name: string | undefined,
  signal: AbortSignal,
): Promise<Asked | undefined> {
  if (name === undefined) return undefined;
  try {
    const inventory = await readInventory(world.kubernetes(name), signal);
    world.remember(memoryOf(name), inventory as unknown as Json);
    return { cluster: name, inventory, at: world.clock.now(), silent: undefined };
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    const { says } = asFault(error, name);
    return { cluster: name, ...lastKnown(world, name), silent: says };
  }
}

/** What the cluster has said to an earlier step of the same run, or before. */
export const recallCluster = (world: World, name: string | undefined, silent: string | undefined): Asked | undefined =>
  name === undefined ? undefined : { cluster: name, ...lastKnown(world, name), silent };

function lastKnown(world: World, name: string): Pick<Asked, 'inventory' | 'at'> {
  const before = world.recall(memoryOf(name));
  const parsed = remembered.safeParse(before?.value);
  if (before === undefined || !parsed.success) return { inventory: undefined, at: undefined };
  return { inventory: parsed.data as unknown as Inventory, at: before.at };
}
