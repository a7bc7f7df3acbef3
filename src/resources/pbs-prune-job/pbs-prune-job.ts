// Prune jobs of a PBS: they, and nobody else, remove backups there by schedule. Facts: pbs-api section 5.
import type { Declared, Fields } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import { entriesAt } from '../../proxmox/config-entries.ts';
import type { Json } from '../../values/canonical.ts';
import { type Keep, normaliseKeep } from '../../values/retention.ts';
import { configResource, type FieldTable, type Weight } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { keepRules, notFlag, number, text } from '../common/field.ts';
import { jobId } from '../common/job-id.ts';
import { datastoreList } from '../common/list-section.ts';
import { type PruneJobEntry, pruneJobs } from './pbs-prune-job-schema.ts';

const fields: FieldTable = {
  store: text('store'),
  schedule: text('schedule'),
  namespace: text('ns'),
  max_depth: number('max-depth'),
  enabled: notFlag('disable'),
  comment: text('comment'),
  keep: keepRules(),
};

export const pbsPruneJob = defineResource(
  configResource({
    name: 'pbs-prune-job',
    title: 'prune job',
    product: 'pbs',
    section: datastoreList<PruneJobEntry>({
      key: 'prune',
      schema: pruneJobs,
      fields,
      nameOf: (entry, datastore, index) => jobId(entry.id, datastore.name, index),
      fieldsOf: (entry) => ({ ...entry, keep: keepOf(entry) }),
      more: (entry) => (keepsAll(entry) ? { notes: [keepsEverything] } : {}),
      written: ({ keep, ...entry }) => ({ ...entry, ...(keep as object | undefined) }),
    }),
    entries: entriesAt({ file: 'prune.cfg', what: 'prune jobs', folder: 'config/prune', id: 'id' }),
    fields,
    path: 'pbs[].datastores[].prune',
    weigh: weighPruning,
  }),
);

const keepOf = (entry: PruneJobEntry): Keep =>
  Object.fromEntries(Object.entries(entry).filter(([key]) => key.startsWith('keep_')));
const keepsAll = (entry: PruneJobEntry): boolean => normaliseKeep(keepOf(entry)).keep_all === 1;
const keepsEverything = { level: 'warning', says: 'it keeps every backup, so it never prunes anything' } as const;

function weighPruning({ item }: Declared, found: Found | undefined, changes: readonly Change[]): Weight {
  if (found === undefined) {
    const prunes = item['enabled'] !== false && normaliseKeep(item['keep'] as Keep).keep_all !== 1;
    return prunes
      ? { because: ['backups beyond its policy are removed when it first runs'], risk: 'loses a restore point' }
      : { because: [], risk: 'adds' };
  }
  return removesMore(changes, item)
    ? {
        because: ['backups beyond the new policy are removed when the job next runs'],
        risk: 'loses a restore point',
      }
    : { because: [], risk: 'changes' };
}

/** Whether backups go that the job left alone until now: by a shorter policy, or since it looks where it did not. */
function removesMore(changes: readonly Change[], { keep, enabled }: Fields): boolean {
  if (enabled === false || normaliseKeep(keep as Keep).keep_all === 1) return false;
  return changes.some(({ field, class: meaning, from, to }) => {
    if (field === 'keep') return meaning === 'weakens';
    if (field === 'max_depth') return depthOf(to) > depthOf(from);
    return ['store', 'namespace', 'enabled'].includes(field);
  });
}

/** Without a number it goes all the way down. */
const depthOf = (levels: Json | undefined): number => (typeof levels === 'number' ? levels : Number.POSITIVE_INFINITY);
