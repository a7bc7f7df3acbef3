// POST /nodes/{node}/vzdump: a backup now, of the guests that are on this node (facts: pve-api section 5).
import { answerWith, type Outcome, type PveCall, type PveHandlers, type PveHost, text } from './host.ts';
import { fleecingStorage, refuseBadTemplate } from './job-rules.ts';
import { selectedGuests } from './job-selection.ts';
import { badParameters } from './refusal.ts';
import { need, needPool, onlyRootMaySet } from './rights.ts';
import type { Values } from './schema.ts';
import { has } from './versions.ts';
import { backUp } from './vzdump-work.ts';

const rootOnly = ['script', 'tmpdir', 'dumpdir', 'job-id'];
const loads = ['bwlimit', 'ionice', 'performance'];

const isSet = (params: Values, name: string): boolean => Number(params[name] ?? 0) === 1;
const selections = ['all', 'exclude', 'pool'];

function refuseSelection(params: Values): void {
  const beside = selections.find((name) => params['vmid'] !== undefined && params[name] !== undefined);
  if (beside !== undefined) throw badParameters({ [beside]: "option conflicts with option 'vmid'" });
  const any = isSet(params, 'all') || ['vmid', 'exclude', 'pool'].some((name) => params[name] !== undefined);
  if (!any && !isSet(params, 'stop')) throw badParameters({ vmid: 'property is missing' });
}

function needForValues(host: PveHost, call: PveCall, storage: string): void {
  const { params } = call;
  onlyRootMaySet(call, params, rootOnly);
  if (loads.some((name) => params[name] !== undefined)) need(host, call, '/', 'Sys.Modify');
  if (isSet(params, 'stop') && has(host.state.version, 'vzdump-stop-needs-sys-modify'))
    need(host, call, `/nodes/${host.state.node}`, 'Sys.Modify');
  need(host, call, `/storage/${storage}`, 'Datastore.AllocateSpace');
  if (params['prune-backups'] !== undefined) need(host, call, `/storage/${storage}`, 'Datastore.Allocate');
  const fleecing = fleecingStorage(params);
  if (fleecing !== undefined) need(host, call, `/storage/${fleecing}`, 'Datastore.AllocateSpace');
  const pool = text(params, 'pool');
  if (pool !== undefined) needPool(host, call, pool);
}

function stopRunning(host: PveHost): void {
  for (const { type, upid, endedAt } of host.state.tasks)
    if (type === 'vzdump' && endedAt === undefined) host.tasks.stop(upid);
}

function start(host: PveHost, call: PveCall): Outcome {
  const { params } = call;
  const storage = text(params, 'storage') ?? 'local';
  refuseSelection(params);
  refuseBadTemplate({ ...params });
  needForValues(host, call, storage);
  if (isSet(params, 'stop')) stopRunning(host);
  const all = isSet(params, 'all') || params['exclude'] !== undefined;
  const wanted = selectedGuests(host.state, all ? { ...params, all: 1 } : params);
  const local = wanted.filter((vmid) => host.state.guests.some((guest) => guest.vmid === vmid));
  // Nobody here to back up: the word OK, and no task.
  if (local.length === 0 && !all) return answerWith('OK');
  const task = host.tasks.start({
    type: 'vzdump',
    id: local.length === 1 ? String(local[0]) : '',
    user: call.user,
    asked: call,
    work: backUp(host, call, { storage, guests: wanted, all }),
  });
  return answerWith(task.upid);
}

export const vzdump: PveHandlers = { 'POST /nodes/{node}/vzdump': start };
