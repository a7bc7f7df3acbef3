// datastore.cfg: making, changing and removing stores (facts: pbs-api section 3).
import { randomUUID } from 'node:crypto';
import type { Going } from '../tasks/tasks.ts';
import { digestOf, keepLock, refuseStaleDigest, underLock } from './config-file.ts';
import { removeJobsAndRights } from './datastore-jobs.ts';
import { type Claim, claimed, refuseBackend, refuseNesting } from './datastore-place.ts';
import {
  answerWith,
  flag,
  type Outcome,
  type PbsCall,
  type PbsHandlers,
  type PbsHost,
  required,
  secondsNow,
  text,
} from './host.ts';
import { readProperties } from './property-string.ts';
import { badParameters, missesPermission, notFound } from './refusal.ts';
import { may } from './rights.ts';
import { withTrimmedComment } from './sections/section.ts';
import type { Datastore, Options } from './state.ts';
import { aclPath, datastoreNamed } from './stores.ts';

const config = ({ name, path, comment, options }: Datastore) => ({
  name,
  path,
  ...(comment === undefined ? {} : { comment }),
  ...options,
});

const notOptions = ['name', 'path', 'comment', 'digest', 'delete', 'reuse-datastore', 'overwrite-in-use'];
const ofPruning = /^(?:keep-(?:last|hourly|daily|weekly|monthly|yearly)|prune-schedule)$/;

/** What is given, as the file keeps it; pruning is never part of it. */
function storedOptions(call: PbsCall): Options {
  const options: Options = {};
  for (const [name, value] of Object.entries(call.params))
    if (!notOptions.includes(name) && !ofPruning.test(name)) options[name] = value;
  if (options['notify'] === '') delete options['notify'];
  const mode = text(call.params, 'maintenance-mode');
  if (mode !== undefined) options['maintenance-mode'] = rewritten(mode);
  return options;
}

/** PBS reads the mode and writes it anew, key by key. */
function rewritten(mode: string): string {
  const pairs = readProperties(mode, 'type') ?? [];
  return pairs
    .toSorted(([one], [other]) => (one < other ? 1 : -1))
    .map(([key, value]) => `${key}=${key === 'message' ? JSON.stringify(value) : value}`)
    .join(',');
}

function refuseInternalMode(call: PbsCall): void {
  const pairs = readProperties(text(call.params, 'maintenance-mode') ?? '', 'type') ?? [];
  const mode = pairs.find(([key]) => key === 'type')?.[1];
  if (mode !== undefined && !['read-only', 'offline'].includes(mode))
    throw badParameters([['maintenance-mode', `maintenance mode '${mode}' cannot be set by hand`]]);
}

const commentOf = (call: PbsCall): { comment?: string } => {
  const trimmed = withTrimmedComment({ comment: text(call.params, 'comment') ?? '' })['comment'];
  return trimmed === undefined ? {} : { comment: String(trimmed) };
};

async function create(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const name = required(call.params, 'name');
  const device = text(call.params, 'backing-device');
  if (device !== undefined && !may(host, call, '/system/disks', 'Sys.Modify'))
    throw missesPermission('/system/disks', ['Sys.Modify']);
  refuseInternalMode(call);
  const options = storedOptions(call);
  let upid = '';
  await underLock(host, call, 'datastore', () => {
    if (host.state.datastores.some((one) => one.name === name))
      throw badParameters([['name', `datastore '${name}' already exists.`]]);
    const path = device === undefined ? required(call.params, 'path') : `/mnt/datastore/${name}`;
    refuseNesting(host, path, required(call.params, 'path'), device);
    refuseBackend(host, options);
    const store = { name, path: required(call.params, 'path'), ...commentOf(call), options };
    upid = lockedTask(host, call, 'create-datastore', name, async ({ log }) => {
      log(`creating chunk store at "${path}"`);
      const reuse = flag(call.params, 'reuse-datastore');
      appear(host, store, await claimed(host, store, { reuse, overwrite: flag(call.params, 'overwrite-in-use') }));
      if (call.params['prune-schedule'] !== undefined) addPruneJob(host, call, name);
    });
  });
  return answerWith(upid);
}

/** The task holds the lock of the file until its end; what it does, it does then. */
function lockedTask(
  host: PbsHost,
  call: PbsCall,
  type: string,
  id: string,
  last: (going: Going) => void | Promise<void>,
): string {
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = async (going: Going): Promise<undefined> => {
    try {
      await going.pass(1);
      await last(going);
    } finally {
      resolve();
    }
  };
  const { upid } = host.tasks.start({ type, id, user: call.user, asked: call, work });
  keepLock(host, 'datastore', promise);
  return upid;
}

/** What lay there already is in the store again. */
function appear({ state }: PbsHost, store: Omit<Datastore, 'total' | 'used'>, { total, used, left }: Claim): void {
  const mounted = store.options['backing-device'] === undefined ? {} : { mounted: true };
  state.datastores.push({ ...store, total, used, ...mounted });
  state.snapshots.push(...(left?.snapshots ?? []).map((snapshot) => ({ ...snapshot, store: store.name })));
  state.namespaces.push(...(left?.namespaces ?? []).map((name) => ({ store: store.name, name })));
}

const longestId = 32;

function addPruneJob(host: PbsHost, { params }: PbsCall, store: string): void {
  const keeps = Object.entries(params).filter(([name]) => name.startsWith('keep-') && ofPruning.test(name));
  host.state.pruneJobs.push({
    id: `default-${store}-${randomUUID()}`.slice(0, longestId),
    options: { store, schedule: required(params, 'prune-schedule'), ...Object.fromEntries(keeps) },
    scheduledSince: secondsNow(host),
  });
}

async function update(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'datastore', () => {
    refuseStaleDigest(host, call, 'datastore');
    const store = datastoreNamed(host, required(call.params, 'name'));
    const pruning = Object.keys(call.params).find((name) => ofPruning.test(name));
    if (pruning !== undefined)
      throw badParameters([[pruning, 'datastore prune settings have been replaced by prune jobs']]);
    refuseInternalMode(call);
    const { delete: unset } = call.params;
    const left = { ...store.options };
    for (const name of Array.isArray(unset) ? unset : []) {
      delete left[name];
      if (name === 'comment') delete store.comment;
    }
    if (call.params['notify'] === '') delete left['notify'];
    store.options = { ...left, ...storedOptions(call) };
    if (call.params['comment'] === undefined) return;
    delete store.comment;
    Object.assign(store, commentOf(call));
  });
  return answerWith(null);
}

async function remove(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const name = required(call.params, 'name');
  let upid = '';
  await underLock(host, call, 'datastore', () => {
    refuseStaleDigest(host, call, 'datastore');
    if (!host.state.datastores.some((one) => one.name === name)) throw notFound(`datastore '${name}' does not exist.`);
    if (!flag(call.params, 'keep-job-configs')) removeJobsAndRights(host, call, name);
    const destroy = flag(call.params, 'destroy-data');
    upid = lockedTask(host, call, 'delete-datastore', name, ({ log }) => {
      log(`Removing datastore '${name}'${destroy ? ' and its data' : ''}`);
      vanish(host, name, destroy);
    });
  });
  return answerWith(upid);
}

/** Files stay where they are unless they are to be destroyed. */
function vanish({ state }: PbsHost, name: string, destroy: boolean): void {
  const store = state.datastores.find((one) => one.name === name);
  if (store === undefined) return;
  const snapshots = state.snapshots.filter((one) => one.store === name);
  const namespaces = state.namespaces.filter((one) => one.store === name).map((one) => one.name);
  const { path, total, used } = store;
  if (destroy)
    for (const bucket of state.s3Services.flatMap(({ buckets }) => buckets))
      if (bucket.inUse === name) delete bucket.inUse;
  if (!destroy) state.leftovers.push({ path, snapshots, namespaces, total, used });
  state.snapshots = state.snapshots.filter((one) => one.store !== name);
  state.namespaces = state.namespaces.filter((one) => one.store !== name);
  state.datastores = state.datastores.filter((one) => one !== store);
}

export const datastoreConfig: PbsHandlers = {
  'GET /config/datastore': (host, call) => {
    const seen = host.state.datastores.filter(({ name }) => may(host, call, aclPath(name), 'Datastore.Audit'));
    return answerWith(host.chance.shuffled(seen).map(config), { digest: digestOf(host, 'datastore') });
  },
  'GET /config/datastore/{name}': (host, { params }) =>
    answerWith(config(datastoreNamed(host, required(params, 'name'))), { digest: digestOf(host, 'datastore') }),
  'POST /config/datastore': create,
  'PUT /config/datastore/{name}': update,
  'DELETE /config/datastore/{name}': remove,
};
