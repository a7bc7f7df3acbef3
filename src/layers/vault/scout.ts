// What a restore must know of a vault before it is planned: whether it can take a snapshot in, and who it is now.
import * as z from 'zod';
import type { RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { Json } from '../../values/canonical.ts';
import { isFolder } from '../common/dumps/unpack-plan.ts';
import { asGiven } from '../common/given.ts';
import { tokenFor, withServer } from './asking.ts';
import { rightsOf } from './rights.ts';
import type { VaultEntry } from './schema.ts';
import { activeNode } from './standing.ts';

export const scouted = z.object({
  version: z.string(),
  cluster: z.string(),
  cluster_id: z.string(),
  /** null where the token may not even ask */
  may: z.object({ restore: z.boolean(), force: z.boolean() }).nullable(),
});
export type Scouted = z.infer<typeof scouted>;

/** With the token that may change something. */
export const restoreToken = ({ token, restore_as }: VaultEntry) => restore_as?.token ?? token;

export async function scoutRestore(
  entry: VaultEntry,
  { target }: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (target === undefined || isFolder(target)) return null;
  const watched = { world, signal };
  const { node, version, cluster, clusterId } = await activeNode(entry, watched);
  const rights = await withServer(entry.name, node, watched, async (server) =>
    rightsOf(server, await tokenFor(node, restoreToken(entry), watched)),
  );
  return asGiven({
    ...{ version, cluster, cluster_id: clusterId },
    may: rights === undefined ? null : { restore: rights.restore, force: rights.force },
  });
}
