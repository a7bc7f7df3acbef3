// Under which policy the copies were when a run last removed what it let go. A copy's own manifest is its point's, and has the policy of the
// layer that made it: measured by that, an offsite layer that keeps less would be taken for one that somebody has just tightened, for ever.
import type { World } from '../../contracts/world.ts';
import { type Keep, keepSchema } from '../../values/retention.ts';
import { asGiven } from '../common/given.ts';
import type { OffsiteEntry } from './schema.ts';

const memoryOf = ({ name }: Pick<OffsiteEntry, 'name'>): string => `offsite keep ${name}`;

/** Undefined where nobody knows: then no more goes at once than where it was tightened. */
export function policyBefore(entry: Pick<OffsiteEntry, 'name'>, world: World): Keep | undefined {
  const parsed = keepSchema.safeParse(world.recall(memoryOf(entry))?.value);
  return parsed.success ? parsed.data : undefined;
}

export const rememberPolicy = (entry: Pick<OffsiteEntry, 'name' | 'keep'>, world: World): void =>
  world.remember(memoryOf(entry), asGiven(entry.keep));
