// When a point of a layer was last brought back, and which: remembered from run to run.
import * as z from 'zod';
import type { World } from '../../../contracts/world.ts';
import type { PointId } from '../../../model/restore-point.ts';
import { type Instant, parseInstant } from '../../../values/instant.ts';
import type { DumpEntry } from './entry.ts';

const memoryOf = ({ name }: Pick<DumpEntry, 'name'>): string => `dumps proved ${name}`;
const remembered = z.object({ at: z.string() });

export function provedAt(entry: Pick<DumpEntry, 'name'>, world: World): Instant | undefined {
  const parsed = remembered.safeParse(world.recall(memoryOf(entry))?.value);
  return parsed.success ? parseInstant(parsed.data.at) : undefined;
}

export const rememberProved = (entry: Pick<DumpEntry, 'name'>, world: World, point: PointId): void =>
  world.remember(memoryOf(entry), { at: world.clock.now(), point });
