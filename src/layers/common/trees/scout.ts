// What is known before a part of a point is brought back: that it is there, and what it holds.
import type { RestoreWish } from '../../../contracts/layer.ts';
import type { World } from '../../../contracts/world.ts';
import type { Json } from '../../../values/canonical.ts';
import type { SecretReference } from '../../../values/secret-reference.ts';
import { asGiven } from '../given.ts';
import { forAge } from '../points/encryption.ts';
import { readListing } from './read-listing.ts';
import { scopeOf } from './scope.ts';
import { type Survey, survey } from './survey.ts';

/** Null where all of the point is meant. */
export type Scouted = Readonly<{ path: string }> & Pick<Survey, 'type' | 'counts'>;

/** @throws Fault `path-misspelt`, `path-not-in-point` */
export async function scoutTree(
  { identity }: Readonly<{ name: string; identity?: SecretReference | undefined }>,
  { point: { machine, folder, manifest }, only }: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  if (only === undefined) return null;
  const scope = scopeOf(only);
  const opens = identity && (await world.secret(identity, forAge));
  const listing = readListing({ machine: world.machine(machine), folder, manifest, identity: opens }, signal);
  const { type, counts } = await survey(scope, manifest.id, listing);
  return asGiven({ path: scope.text, type, counts } satisfies Scouted);
}
