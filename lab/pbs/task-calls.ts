// Tasks as PBS tells of them (facts: pbs-api section 2).
import { parseUpid } from '../../src/values/upid.ts';
import { outcomeOf, type Task } from '../tasks/task.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { badParameters, badRequest, missesPermission } from './refusal.ts';
import { may } from './rights.ts';
import type { Values } from './schema.ts';
import { aclPath } from './stores.ts';

const shown = ({ upid, pid, pstart, startedAt, type, id, user, endedAt, exitStatus }: Task) => ({
  upid,
  node: 'localhost',
  pid,
  pstart,
  starttime: startedAt,
  worker_type: type,
  ...(id === '' ? {} : { worker_id: id }),
  user,
  ...(endedAt === undefined ? {} : { endtime: endedAt, status: exitStatus }),
});

/** One's own, all with Sys.Audit, and those of jobs that one may run. */
function maySee(host: PbsHost, call: PbsCall, task: Pick<Task, 'type' | 'id' | 'user'>): boolean {
  if (task.user === call.user || task.user.startsWith(`${call.user}!`)) return true;
  if (may(host, call, '/system/tasks', 'Sys.Audit')) return true;
  return mayRun(host, call, task);
}

function mayRun(host: PbsHost, call: PbsCall, { type, id }: Pick<Task, 'type' | 'id'>): boolean {
  const [store = '', namespace = '', local = '', within = ''] = id.split(':');
  if (type === 'prunejob') return may(host, call, aclPath(store, namespace), 'Datastore.Modify');
  if (type === 'garbage_collection') return may(host, call, aclPath(store), 'Datastore.Modify');
  if (type === 'verificationjob') return may(host, call, aclPath(store), 'Datastore.Verify');
  if (type !== 'syncjob' || !may(host, call, aclPath(local, within), 'Datastore.Backup')) return false;
  return store === '-' || may(host, call, `/remote/${store}/${namespace}`, 'Remote.Read');
}

const ofStores = ['verify', 'verify_group', 'verify_snapshot', 'verificationjob', 'syncjob'];
const withStore = [...ofStores, 'prune', 'prunejob', 'backup', 'garbage_collection'];
const isOfStore = ({ type, id }: Task, store: string): boolean => {
  const parts = id.split(':');
  return withStore.includes(type) && (type === 'syncjob' ? parts[2] === store : parts[0] === store);
};

function fits(task: Task, params: Values): boolean {
  const outcome = outcomeOf(task);
  const wanted = params['statusfilter'];
  const store = text(params, 'store');
  return (
    (params['running'] !== true || outcome === undefined) &&
    (params['errors'] !== true || outcome !== 'ok') &&
    (!Array.isArray(wanted) || (outcome !== undefined && wanted.includes(outcome))) &&
    (store === undefined || isOfStore(task, store)) &&
    task.user.includes(text(params, 'userfilter') ?? '') &&
    task.type.includes(text(params, 'typefilter') ?? '') &&
    (params['since'] === undefined || task.startedAt >= Number(params['since'])) &&
    (params['until'] === undefined || task.startedAt <= Number(params['until']))
  );
}

const ranking = (one: Task, other: Task): number =>
  Number(one.endedAt !== undefined) - Number(other.endedAt !== undefined) || other.startedAt - one.startedAt;

function list(host: PbsHost, call: PbsCall): Outcome {
  const start = Number(call.params['start'] ?? 0);
  const limit = Number(call.params['limit'] ?? 50);
  const found = [...host.state.tasks]
    .reverse()
    .filter((task) => fits(task, call.params) && maySee(host, call, task))
    .sort(ranking);
  const page = limit === 0 ? found.slice(start) : found.slice(start, start + limit);
  // PBS does not count on: a full page is said to have one more behind it.
  const more = limit > 0 && page.length >= limit ? 1 : 0;
  return answerWith(page.map(shown), { total: start + page.length + more });
}

/** Whether one may see it is decided by its id alone, before anybody looks whether it exists. */
function theTask(host: PbsHost, call: PbsCall): Task {
  const upid = required(call.params, 'upid');
  const parsed = parseUpid(upid);
  if (parsed === undefined) throw badParameters([['upid', 'unable to parse UPID']]);
  const task = host.state.tasks.find((one) => one.upid === upid);
  if (!maySee(host, call, task ?? { type: parsed.type, id: unescaped(parsed.id), user: parsed.user }))
    throw badRequest('task access not allowed');
  if (task === undefined) throw badRequest('no such task');
  return task;
}

const unescaped = (id: string): string =>
  id
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

function status(host: PbsHost, call: PbsCall): Outcome {
  const { upid, node, pid, pstart, startedAt, type, id, user, endedAt, exitStatus } = theTask(host, call);
  const [userid, tokenid] = user.split('!');
  return answerWith({
    ...{ upid, node, pid, pstart, starttime: startedAt, type, id, user: userid },
    ...(tokenid === undefined ? {} : { tokenid }),
    ...(endedAt === undefined
      ? { status: 'running' }
      : { status: 'stopped', exitstatus: exitStatus, endtime: endedAt }),
  });
}

/** `start` names the first line that is wanted; 0 and 1 are the same. */
function log(host: PbsHost, call: PbsCall): Outcome {
  const task = theTask(host, call);
  const { start, limit, download } = call.params;
  const test = call.params['test-status'];
  if (download === true) {
    if (start !== undefined || limit !== undefined || test !== undefined)
      throw badRequest("parameter 'download' cannot be used with 'start', 'limit' or 'test-status'");
    return { plain: task.log.map((line) => `${line}\n`).join('') };
  }
  const skipped = Math.max(Number(start ?? 0) - 1, 0);
  const count = Number(limit ?? 50);
  const lines = task.log.map((t, index) => ({ n: index + 1, t }));
  const page = lines.slice(skipped, count === 0 ? undefined : skipped + count);
  const active = test === true ? { active: task.endedAt === undefined } : {};
  return answerWith(page, { total: lines.length, success: 1, ...active });
}

function stop(host: PbsHost, call: PbsCall): Outcome {
  const upid = required(call.params, 'upid');
  if (parseUpid(upid)?.user !== call.user && !may(host, call, '/system/tasks', 'Sys.Modify'))
    throw missesPermission('/system/tasks', ['Sys.Modify']);
  host.tasks.stop(upid);
  return answerWith(null);
}

export const taskCalls: PbsHandlers = {
  'GET /nodes/{node}/tasks': list,
  'GET /nodes/{node}/tasks/{upid}/status': status,
  'GET /nodes/{node}/tasks/{upid}/log': log,
  'DELETE /nodes/{node}/tasks/{upid}': stop,
};
