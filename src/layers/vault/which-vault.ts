// Which vault a layer has seen the last time: one that was made anew under the same address has none of the secrets of the old one, and
// nobody would see that in the size of a snapshot.
import type { StepContext } from '../../contracts/step-kind.ts';
import type { VaultEntry } from './schema.ts';

const memory = ({ name }: VaultEntry): string => `vault ${name}`;

type Remembering = Pick<StepContext, 'world'>;

/** In words. */
export function otherThan(entry: VaultEntry, clusterId: string, { world }: Remembering): readonly string[] {
  const before = world.recall(memory(entry));
  if (clusterId === '' || before === undefined || before.value === clusterId) return [];
  return [
    `this is another vault than at ${before.at} (its cluster was ${String(before.value)} then): points of the old one stay, ` +
      'and need the unseal keys that it had',
  ];
}

export function rememberVault(entry: VaultEntry, clusterId: string, { world }: Remembering): void {
  if (clusterId !== '' && world.recall(memory(entry))?.value !== clusterId) world.remember(memory(entry), clusterId);
}
