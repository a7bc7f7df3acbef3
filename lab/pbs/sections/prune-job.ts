// Prune jobs, sections of prune.cfg (facts: pbs-api section 5). Their comments stay as they are given.
import { secondsNow } from '../host.ts';
import { missesPermission } from '../refusal.ts';
import { may } from '../rights.ts';
import type { Options } from '../state.ts';
import { aclPath } from '../stores.ts';
import type { Kind } from './section.ts';

export const jobPath = (options: Options): string => aclPath(String(options['store']), String(options['ns'] ?? ''));

/** The root namespace and a job that is not disabled leave no line. */
function tidied({ ...options }: Options): Options {
  if (options['disable'] === false) delete options['disable'];
  return options;
}

const need = (privilege: string, ...also: readonly string[]): NonNullable<Kind['mayCreate']> => {
  const privileges = [privilege, ...also];
  return (host, call, options) => {
    if (!may(host, call, jobPath(options), ...privileges)) throw missesPermission(jobPath(options), privileges);
  };
};
const modify = need('Datastore.Modify');
const audit = need('Datastore.Audit');

export const pruneJob: Kind = {
  file: 'prune',
  path: '/config/prune',
  id: 'id',
  noun: 'prune job',
  entries: ({ pruneJobs }) => pruneJobs,
  notFoundOn: [],
  listed: (host, call, { options }) => may(host, call, jobPath(options), 'Datastore.Audit', 'Datastore.Modify'),
  mayRead: (host, call, { options }) => audit(host, call, options),
  mayCreate: modify,
  mayChange: (host, call, after, { options }) => {
    modify(host, call, options);
    modify(host, call, after);
  },
  mayRemove: (host, call, { options }) => modify(host, call, options),
  kept: (given) => tidied(given),
  changed: (host, _call, entry, before) => {
    if (entry.options['ns'] === '') delete entry.options['ns'];
    if (entry.options['disable'] === false) delete entry.options['disable'];
    if (entry.options['schedule'] !== before['schedule']) entry.scheduledSince = secondsNow(host);
  },
};
