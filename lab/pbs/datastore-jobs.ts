// What goes with a store unless its jobs are to be kept: its jobs and every right on it (facts: pbs-api section 3). It is done with
// the rights of whoever asks: a job that they cannot read stays, and one that they may not change ends it half-way.
import { normal } from '../rights.ts';
import type { PbsCall, PbsHost } from './host.ts';
import { pruneJob } from './sections/prune-job.ts';
import type { Kind } from './sections/section.ts';
import { maySee } from './sections/sync-access.ts';
import { syncJob } from './sections/sync-job.ts';
import { verifyJob } from './sections/verify-job.ts';
import { aclPath } from './stores.ts';

const kinds: readonly Kind[] = [
  verifyJob,
  // Of both directions, whatever a list would leave out.
  { ...syncJob, listed: (host, call, { options }) => maySee(host, call, options) },
  pruneJob,
];

export function removeJobsAndRights(host: PbsHost, call: PbsCall, store: string): void {
  for (const kind of kinds) {
    const all = kind.entries(host.state);
    const seen = all.filter((job) => job.options['store'] === store && (kind.listed?.(host, call, job) ?? true));
    for (const job of seen) {
      kind.mayRemove?.(host, call, job);
      all.splice(all.indexOf(job), 1);
    }
  }
  const top = aclPath(store);
  host.state.acl = host.state.acl.filter(({ path }) => normal(path) !== top && !normal(path).startsWith(`${top}/`));
}
