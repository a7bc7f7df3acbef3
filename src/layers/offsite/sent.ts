// What was sent to a target that nobody here can read: known from the state alone, and never counted as a copy.
import * as z from 'zod';
import type { World } from '../../contracts/world.ts';
import type { OffsiteEntry } from './schema.ts';

const memoryOf = ({ name }: Pick<OffsiteEntry, 'name'>): string => `offsite sent ${name}`;
const remembered = z.record(z.string(), z.string());

/** By layer and point, the name that it went out under. */
export type Sent = Readonly<Record<string, string>>;
export const sentKey = (layer: string, id: string): string => `${layer}/${id}`;

export function sentBefore(entry: Pick<OffsiteEntry, 'name'>, world: World): Sent {
  const parsed = remembered.safeParse(world.recall(memoryOf(entry))?.value);
  return parsed.success ? parsed.data : {};
}

export function rememberSent(entry: Pick<OffsiteEntry, 'name'>, world: World, key: string, name: string): void {
  world.remember(memoryOf(entry), { ...sentBefore(entry, world), [key]: name });
}
