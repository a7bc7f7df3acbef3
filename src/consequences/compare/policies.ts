// Retention in the configuration: the prune jobs of a PBS, and what PVE prunes by after each backup.
import type { Fields } from '../../contracts/resource.ts';
import { type Keep, normaliseKeep } from '../../values/retention.ts';
import type { Configured } from './configured.ts';
import { textOf } from './configured.ts';
import { isEnabled } from './storages.ts';

/** Undefined where nothing is set. */
export const keepIn = (value: unknown): Keep | undefined =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0 ? (value as Keep) : undefined;

const limits = (keep: Keep | undefined): keep is Keep => keep !== undefined && normaliseKeep(keep).keep_all !== 1;

/** `keep_daily: 7, keep_monthly: 3` */
export const keepText = (keep: Keep): string =>
  Object.entries(normaliseKeep(keep))
    .map(([rule, number]) => `${rule}: ${number}`)
    .join(', ');

/** A prune job that removes anything at all. */
export const prunes = (job: Fields | undefined): job is Fields => isEnabled(job) && limits(keepIn(job['keep']));

/** Whether a prune job reaches that namespace: from its own down, as many levels as it says. */
export function reaches(job: Fields, namespace: string): boolean {
  const anchor = textOf(job['namespace']);
  if (anchor !== '' && namespace !== anchor && !namespace.startsWith(`${anchor}/`)) return false;
  const depth = depthOf(job);
  return depth === null || levels(namespace) - levels(anchor) <= depth;
}

/** Null: all the way down. */
export const depthOf = ({ max_depth: depth }: Fields): number | null => (typeof depth === 'number' ? depth : null);
const levels = (namespace: string): number => (namespace === '' ? 0 : namespace.split('/').length);

/** `pihanga tank`: prune jobs by the datastore they are for, as the configuration has them now or will have them. */
export function pruneJobsBy(
  jobs: readonly Configured[],
  when: 'before' | 'after',
): ReadonlyMap<string, readonly Fields[]> {
  const acting = jobs.flatMap(({ server, [when]: job }) =>
    prunes(job) ? [{ at: `${server} ${textOf(job['store'])}`, job }] : [],
  );
  return new Map([...Map.groupBy(acting, ({ at }) => at)].map(([at, ones]) => [at, ones.map(({ job }) => job)]));
}

/** What PVE prunes a guest by after a backup: the job's word, else the storage's (facts: pve-api section 3). */
export function prunesBy(job: Fields | undefined, storage: Fields | undefined): Keep | undefined {
  if (job?.['remove'] === false) return undefined;
  const keep = keepIn(job?.['prune_backups']) ?? keepIn(storage?.['prune_backups']);
  return limits(keep) ? keep : undefined;
}
