// Which of the databases that were found are copied. Pure.
import type { Found } from '../common/sqlite/found.ts';
import { nameOf } from '../common/sqlite/found.ts';
import type { SqliteEntry } from './schema.ts';
import { type Source, workloadOf } from './source.ts';

export type Wanted = Readonly<{ databases: readonly Found[]; excluded: readonly string[] }>;

export function wanted(entry: SqliteEntry, source: Source, found: readonly Found[]): Wanted {
  const workload = workloadOf(source, entry);
  const rules = (entry.exclude ?? []).filter((rule) => rule.workload === undefined || rule.workload === workload);
  const isExcluded = ({ path }: Found): boolean =>
    rules.some(({ database }) => {
      const name = Buffer.from(database.replace(/^\//, ''));
      return database.endsWith('/') ? path.subarray(0, name.length).equals(name) : path.equals(name);
    });
  return { databases: found.filter((one) => !isExcluded(one)), excluded: found.filter(isExcluded).map(nameOf) };
}
