// Verify jobs, sections of verification.cfg (facts: pbs-api section 5).
import { secondsNow } from '../host.ts';
import { missesPermission } from '../refusal.ts';
import { may } from '../rights.ts';
import type { Options } from '../state.ts';
import { jobPath } from './prune-job.ts';
import { type Kind, withTrimmedComment } from './section.ts';

const toRead = ['Datastore.Audit', 'Datastore.Verify'];
const verify: NonNullable<Kind['mayCreate']> = (host, call, options) => {
  const path = jobPath(options);
  if (!may(host, call, path, 'Datastore.Verify')) throw missesPermission(path, ['Datastore.Verify']);
};

/** An empty namespace is not seen at all: only `delete` leads back to the root. */
function withoutEmptyNamespace({ ...options }: Options): Options {
  if (options['ns'] === '') delete options['ns'];
  return options;
}

export const verifyJob: Kind = {
  file: 'verification',
  path: '/config/verify',
  id: 'id',
  noun: 'verification job',
  entries: ({ verifyJobs }) => verifyJobs,
  notFoundOn: [],
  listed: (host, call, { options }) => may(host, call, jobPath(options), ...toRead),
  mayRead: (host, call, { options }) => {
    if (!may(host, call, jobPath(options), ...toRead)) throw missesPermission(jobPath(options), toRead);
  },
  mayCreate: verify,
  mayChange: (host, call, after, { options }) => {
    verify(host, call, options);
    verify(host, call, after);
  },
  mayRemove: (host, call, { options }) => verify(host, call, options),
  kept: (given) => withTrimmedComment(withoutEmptyNamespace(given)),
  // The schedule that is given is compared, and not the one that results: a change that leaves it out moves the last run to now.
  changed: (host, { params }, entry, before) => {
    if (params['schedule'] !== before['schedule']) entry.scheduledSince = secondsNow(host);
  },
};
