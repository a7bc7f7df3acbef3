// What a restore must know before it is planned: of a folder, what the wished part of the point is; of the live place, what lies
// there now and whether it is seen to be in use. It changes nothing.
import * as z from 'zod';
import type { RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { Json } from '../../values/canonical.ts';
import { asGiven } from '../common/given.ts';
import { scoutTree } from '../common/trees/scout.ts';
import { namesIn } from './data-folder.ts';
import { holdersOf } from './holders.ts';
import { replaced } from './names.ts';
import type { VaultwardenEntry } from './schema.ts';

export const scoutedLive = z.strictObject({ names: z.array(z.string()).readonly(), seen: z.boolean() });
export type ScoutedLive = z.infer<typeof scoutedLive>;

export async function scoutRestore(
  entry: VaultwardenEntry,
  wish: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (wish.target?.startsWith('/') === true) return scoutTree(entry, wish, world, signal);
  if (wish.target !== 'live') return null;
  const machine = world.machine(entry.machine);
  const names = replaced(await namesIn(machine, entry.data, entry.also, signal));
  const seen = (await holdersOf(machine, entry.data, signal)).length > 0;
  return asGiven({ names, seen } satisfies ScoutedLive);
}
