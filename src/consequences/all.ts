// The only file that knows every consequence.
import type { Consequence } from '../contracts/consequence.ts';
import { coverage } from './coverage.ts';
import { datastoreOwner } from './datastore-owner.ts';
import { deadReference } from './dead-reference.ts';
import { doubleRetention } from './double-retention.ts';
import { failureDomain } from './failure-domain/failure-domain.ts';
import { gainsRights } from './gains-rights/gains-rights.ts';
import { jobOverlap } from './job-overlap/job-overlap.ts';
import { nestedDatastores } from './nested-datastores.ts';
import { pbsInsideJob } from './pbs-inside-job.ts';
import { replacedStorage } from './replaced-storage.ts';
import { retentionChange } from './retention-change/retention-change.ts';
import { sameIdTwice } from './same-id-twice.ts';
import { staging } from './staging.ts';
import { stillNeeded } from './still-needed.ts';

export const consequences = [
  retentionChange,
  coverage,
  replacedStorage,
  gainsRights,
  sameIdTwice,
  pbsInsideJob,
  doubleRetention,
  jobOverlap,
  failureDomain,
  datastoreOwner,
  deadReference,
  nestedDatastores,
  stillNeeded,
  staging,
] as const satisfies readonly Consequence[];
