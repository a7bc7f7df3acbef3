// Sync jobs, sections of sync.cfg (facts: pbs-api section 5), and all that they are refused for.
import { list, type PbsCall, type PbsHost, secondsNow } from '../host.ts';
import { badParameters, badRequest } from '../refusal.ts';
import { may } from '../rights.ts';
import type { Options, Section } from '../state.ts';
import { type Kind, withTrimmedComment } from './section.ts';
import { isPush, maySee, needSync, textOf } from './sync-access.ts';

const filter =
  /^(?:include:|exclude:)?(?:type:(?:vm|ct|host)|group:(?:vm|ct|host)\/[A-Za-z0-9_][A-Za-z0-9._-]*|regex:.+)$/;

function isExpression(text: string): boolean {
  try {
    return new RegExp(text.replace(/^(?:(?:include|exclude):)?regex:/, '')) instanceof RegExp;
  } catch {
    return false;
  }
}

export function refuseFilters(filters: readonly string[]): void {
  const wrong = filters.find((one) => !filter.test(one) || (/regex:/.test(one) && !isExpression(one)));
  if (wrong !== undefined) throw badParameters([['group-filter', `unknown or malformed group filter '${wrong}'`]]);
}

const depthOf = (namespace = ''): number => (namespace === '' ? 0 : namespace.split('/').length);
const deepest = 7;

function refuseDepth(options: Options): void {
  if (options['max-depth'] === undefined) return;
  for (const side of ['ns', 'remote-ns']) {
    const depth = depthOf(textOf(options, side)) + Number(options['max-depth']);
    if (depth > deepest)
      throw badParameters([[side, `namespace and recursion depth exceed limit: ${depth} > ${deepest}`]]);
  }
}

/** Whoever the snapshots will be owned by has to have the right to use the keys. */
function refuseKeys(host: PbsHost, options: Options): void {
  const owner = textOf(options, 'owner') ?? 'root@pam';
  const active = textOf(options, 'active-encryption-key');
  if (active !== undefined && !isPush(options)) throw badRequest('active encryption key can only be set for push jobs');
  for (const key of [...list(options, 'associated-key'), ...(active === undefined ? [] : [active])]) {
    if (!host.state.encryptionKeys.some(({ id }) => id === key)) throw badRequest(`no such encryption key '${key}'`);
    if (!may(host, { user: owner }, `/system/encryption-keys/${key}`, 'Sys.Modify'))
      throw badRequest(`owner '${owner}' misses Sys.Modify on /system/encryption-keys/${key}`);
  }
}

function refuseForBoth(host: PbsHost, options: Options): void {
  refuseFilters(list(options, 'group-filter'));
  refuseDepth(options);
  refuseKeys(host, options);
}

const pullOnly = () => badParameters([['resync-corrupt', 'only possible for pull jobs']]);

function refuseNew(host: PbsHost, call: PbsCall, options: Options): void {
  needSync(host, call, options);
  if (options['remote'] === undefined && options['store'] === options['remote-store'])
    throw badParameters([['store', "can't sync to same datastore"]]);
  if (isPush(options) && options['resync-corrupt'] !== undefined) throw pullOnly();
  refuseForBoth(host, options);
}

function refuseChange(host: PbsHost, call: PbsCall, after: Options, before: Section): void {
  needSync(host, call, before.options);
  needSync(host, call, after);
  const { params } = call;
  if (params['sync-direction'] === 'push' && params['resync-corrupt'] !== undefined) throw pullOnly();
  if (after['unmount-on-done'] === true && after['run-on-mount'] !== true)
    throw badParameters([['unmount-on-done', 'requires run-on-mount']]);
  const old = before.options['active-encryption-key'];
  const archived = { ...after, 'associated-key': withKey(after, old) };
  refuseForBoth(host, old === undefined || old === after['active-encryption-key'] ? after : archived);
}

const withKey = (options: Options, key: unknown): readonly string[] => {
  const keys = list(options, 'associated-key');
  return keys.includes(String(key)) ? keys : [...keys, String(key)];
};

export const syncJob: Kind = {
  file: 'sync',
  path: '/config/sync',
  id: 'id',
  noun: 'sync job',
  entries: ({ syncJobs }) => syncJobs,
  notFoundOn: ['DELETE'],
  listed: (host, call, { options }) => isAsked(call, options) && maySee(host, call, options),
  mayRead: (host, call, { options }) => {
    if (!maySee(host, call, options)) throw badRequest('permission check failed');
  },
  mayCreate: refuseNew,
  mayChange: refuseChange,
  mayRemove: (host, call, { options }) => needSync(host, call, options),
  kept: (given) => withTrimmedComment(given),
  changed: (host, { params }, entry, before) => {
    const old = before['active-encryption-key'];
    // The key that old snapshots are encrypted with is not lost from sight.
    if (old !== undefined && old !== entry.options['active-encryption-key'])
      entry.options['associated-key'] = withKey(entry.options, old);
    // As with verify jobs: the schedule that is given counts, and leaving it out is a change.
    if (params['schedule'] !== before['schedule']) entry.scheduledSince = secondsNow(host);
  },
  shown: (options) => {
    const filters = list(options, 'group-filter').map((one) => one.replace(/^include:/, ''));
    return filters.length === 0 ? options : { ...options, 'group-filter': filters };
  },
};

/** A list is of pull jobs unless it is asked for others. */
const isAsked = ({ params }: PbsCall, options: Options): boolean => {
  const wanted = params['sync-direction'] ?? 'pull';
  return wanted === 'all' || wanted === (isPush(options) ? 'push' : 'pull');
};
