// The only file that knows every resource.
import type { ResourceKind } from '../contracts/resource.ts';
import { pbsPruneJob } from './pbs-prune-job.ts';
import { pveStorage } from './pve-storage.ts';

export const resources = [pveStorage, pbsPruneJob] as const satisfies readonly ResourceKind[];
