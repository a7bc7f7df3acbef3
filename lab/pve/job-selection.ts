// Which guests a backup job, or a single vzdump, means.
import { splitList } from './formats.ts';
import type { Value } from './schema.ts';
import type { PveState } from './state.ts';

type Options = Readonly<Record<string, Value>>;

const isSet = (value: Value | undefined): boolean =>
  value !== undefined && value !== 0 && value !== '' && value !== '0';
const ids = (value: Value | undefined): readonly number[] => splitList(String(value ?? '')).map(Number);

/** Ids in their order; those of a list are taken as they stand there, whether or not such a guest exists. */
export function selectedGuests(state: PveState, options: Options): readonly number[] {
  const everyone = state.guests.map(({ vmid }) => vmid).sort((one, other) => one - other);
  const { pool } = options;
  if (pool !== undefined) return state.pools.find(({ id }) => id === pool)?.members ?? [];
  if (isSet(options['vmid'])) return [...new Set(ids(options['vmid']))];
  return isSet(options['all']) ? everyone.filter((vmid) => !ids(options['exclude']).includes(vmid)) : [];
}

/** Disabled jobs count as well: that is what PVE says, and why its answer is no proof of coverage. */
export const inNoJob = (state: PveState): readonly number[] => {
  const covered = new Set(state.jobs.flatMap(({ options }) => selectedGuests(state, options)));
  return state.guests.map(({ vmid }) => vmid).filter((vmid) => !covered.has(vmid));
};
