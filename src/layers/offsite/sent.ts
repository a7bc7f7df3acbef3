// What was sent to a target that nobody here can read: known from the state alone, and never counted as a copy.
import type { World } from '../../contracts/world.ts';
import { remembered, type Texts } from './remembered.ts';
import type { OffsiteEntry } from './schema.ts';

const memory = remembered('offsite sent');

/** By layer and point, the name that it went out under. */
export type Sent = Texts;
export const sentKey = (layer: string, id: string): string => `${layer}/${id}`;

export const sentBefore = (entry: Pick<OffsiteEntry, 'name'>, world: World): Sent => memory.all(entry, world);

export const rememberSent = (entry: Pick<OffsiteEntry, 'name'>, world: World, key: string, name: string): void =>
  memory.add(entry, world, { [key]: name });
