// Which retention counts in a run: that of the call, else that of the storage, else everything stays (facts: pve-api section 3).
import { propertiesIn } from './job-rules.ts';
import type { Value, Values } from './schema.ts';

export type Keep = readonly (readonly [name: string, count: number])[];

/** Undefined where nothing is pruned. */
export function retentionIn(params: Values, options: Readonly<Record<string, Value>>): Keep | undefined {
  const text = params['prune-backups'] ?? options['prune-backups'];
  if (text === undefined || params['remove'] === 0) return undefined;
  const kept = Object.entries(propertiesIn('prune-backups', String(text)))
    .map(([name, count]) => [name, Number(count)] as const)
    .filter(([name, count]) => name !== 'keep-all' && count > 0);
  return kept.length === 0 ? undefined : kept;
}
