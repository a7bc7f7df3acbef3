// Verify jobs of a PBS: they read what is there, and tell whether it can still be read. Facts: pbs-api section 5.
import type { Declared, Fields } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import { entriesAt } from '../../proxmox/config-entries.ts';
import { configResource, type FieldTable, type Weight } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { flag, mapped, number, text } from '../common/field.ts';
import { jobId } from '../common/job-id.ts';
import { datastoreList } from '../common/list-section.ts';
import { type VerifyJobEntry, verifyJobs, wholeDays } from './pbs-verify-job-schema.ts';

const fields: FieldTable = {
  store: text('store'),
  // A change that leaves it out counts as a change of it: the last run is then taken to be now, and one that is due waits.
  schedule: text('schedule', { always: true }),
  again_after: mapped(
    number('outdated-after'),
    (span) => (typeof span === 'string' ? (wholeDays(span) ?? null) : null),
    // 0 is deprecated; PBS then waits a day all the same.
    (count) => (typeof count === 'number' ? `${Math.max(count, 1)}d` : null),
  ),
  ignore_verified: flag('ignore-verified', true),
  // An empty one is passed over in a change: only `delete` leads back to the root.
  namespace: text('ns'),
  // PBS goes as deep whether it says 7 or nothing.
  max_depth: mapped(
    number('max-depth'),
    (levels) => levels,
    (levels) => (levels === 7 ? null : levels),
  ),
  comment: text('comment'),
  read_threads: number('read-threads', null, { feature: 'verify-threads' }),
  verify_threads: number('verify-threads', null, { feature: 'verify-threads' }),
};

export const pbsVerifyJob = defineResource(
  configResource({
    name: 'pbs-verify-job',
    title: 'verify job',
    product: 'pbs',
    after: ['pbs-datastore', 'pbs-namespace'],
    section: datastoreList<VerifyJobEntry>({
      key: 'verify',
      schema: verifyJobs,
      fields,
      nameOf: (entry, datastore, index) => jobId(entry.id, datastore.name, index),
    }),
    entries: entriesAt({ file: 'verification.cfg', what: 'verify jobs', folder: 'config/verify', id: 'id' }),
    fields,
    path: 'pbs[].datastores[].verify',
    weigh: weighVerifying,
  }),
);

function weighVerifying({ item }: Declared, found: Found | undefined, changes: readonly Change[]): Weight {
  const idle = neverStarts(item) && (found === undefined || changes.some(({ field }) => field === 'schedule'));
  return {
    because: idle ? ['it has no schedule, so it never starts by itself'] : [],
    risk: found === undefined ? 'adds' : 'changes',
  };
}

const neverStarts = ({ schedule }: Fields): boolean => schedule === '';
