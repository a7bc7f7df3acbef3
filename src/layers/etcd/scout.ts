// What a restore must know before it is planned: whether the member runs, which one it is, and who else is in its cluster.
import * as z from 'zod';
import type { RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Json } from '../../values/canonical.ts';
import { isFolder } from '../common/dumps/unpack-plan.ts';
import { asGiven } from '../common/given.ts';
import { membersOf, statusOf } from './answers.ts';
import { clientOf } from './client.ts';
import type { EtcdEntry } from './schema.ts';

export const scouted = z.object({
  /** why it could not be asked; null: it answers */
  down: z.string().nullable(),
  version: z.string().optional(),
  bytes: z.int().optional(),
  members: z.array(z.object({ name: z.string(), peer_urls: z.array(z.string()) })),
});
export type Scouted = z.infer<typeof scouted>;

export async function scoutRestore(
  entry: EtcdEntry,
  { target }: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (target === undefined || isFolder(target)) return null;
  const client = await clientOf(entry, world);
  try {
    const { version, dbSize } = await statusOf(client, { signal });
    const members = await membersOf(client, { signal });
    const known = members.map(({ name, peerURLs }) => ({ name, peer_urls: peerURLs }));
    return asGiven({ down: null, version, bytes: dbSize, members: known });
  } catch (error) {
    if (error instanceof Fault && error.code === 'database-unreachable')
      return asGiven({ down: error.says, members: [] });
    throw error;
  }
}
