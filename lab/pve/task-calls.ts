// Tasks as a PVE host tells of them (facts: pve-api section 6).
import { parseUpid } from '../../src/values/upid.ts';
import { isOwn, outcomeOf, type Task } from '../tasks/task.ts';
import { splitList } from './formats.ts';
import { answerWith, type PveCall, type PveHandlers, type PveHost, required, text } from './host.ts';
import { badParameters } from './refusal.ts';
import { may, need } from './rights.ts';
import type { Values } from './schema.ts';

const shown = ({ upid, node, pid, pstart, startedAt, type, id, user, endedAt, exitStatus }: Task) => ({
  ...{ upid, node, pid, pstart, starttime: startedAt, type, id, user },
  ...(endedAt === undefined ? { status: 'RUNNING' } : { endtime: endedAt, status: exitStatus }),
});

const audits = (host: PveHost, call: PveCall): boolean => may(host, call, `/nodes/${host.state.node}`, 'Sys.Audit');
const newestFirst = (one: Task, other: Task): number => other.startedAt - one.startedAt;

function inSource({ endedAt }: Task, source: string): boolean {
  if (source === 'all') return true;
  return source === 'active' ? endedAt === undefined : endedAt !== undefined;
}

function fits(task: Task, params: Values): boolean {
  const outcome = outcomeOf(task);
  const wanted = splitList(text(params, 'statusfilter') ?? '').map((one) => one.toLowerCase());
  const user = text(params, 'userfilter');
  const type = text(params, 'typefilter');
  return (
    inSource(task, text(params, 'source') ?? 'archive') &&
    (type === undefined || task.type === type) &&
    (user === undefined || task.user.toLowerCase().includes(user.toLowerCase())) &&
    // The id of a task for several guests is empty: such a task is no guest's.
    (params['vmid'] === undefined || task.id === String(params['vmid'])) &&
    (params['since'] === undefined || task.startedAt >= Number(params['since'])) &&
    (params['until'] === undefined || task.startedAt <= Number(params['until'])) &&
    (params['errors'] !== 1 || outcome === 'error' || outcome === 'unknown') &&
    (wanted.length === 0 || (outcome !== undefined && wanted.includes(outcome)))
  );
}

/** @param limit 0 for all */
const page = <Entry>(entries: readonly Entry[], { start = 0, limit = 50 }: Values): readonly Entry[] =>
  Number(limit) === 0 ? entries.slice(Number(start)) : entries.slice(Number(start), Number(start) + Number(limit));

/** One's own, or with that right on the node. */
function theTask(host: PveHost, call: PveCall, right: 'Sys.Audit' | 'Sys.Modify'): Task {
  const upid = required(call.params, 'upid');
  if (parseUpid(upid) === undefined) throw badParameters({ upid: 'unable to parse worker upid' });
  const task = host.state.tasks.find((one) => one.upid === upid);
  if (task === undefined) throw badParameters({ upid: 'no such task' });
  if (!isOwn(task, call.user)) need(host, call, `/nodes/${host.state.node}`, right);
  return task;
}

export const taskCalls: PveHandlers = {
  'GET /nodes/{node}/tasks': (host, call) => {
    const all = audits(host, call);
    const found = host.state.tasks
      .filter((task) => (all || isOwn(task, call.user)) && fits(task, call.params))
      .reverse()
      .sort(newestFirst);
    return { data: page(found, call.params).map(shown), total: found.length };
  },
  // Without the right on `/` nobody sees even his own here.
  'GET /cluster/tasks': (host, call) => {
    const found = may(host, call, '/', 'Sys.Audit') ? [...host.state.tasks].reverse().sort(newestFirst) : [];
    return answerWith(found.slice(0, 25).map(shown));
  },
  'GET /nodes/{node}/tasks/{upid}/status': (host, call) => {
    const { upid, node, pid, pstart, startedAt, type, id, user, exitStatus } = theTask(host, call, 'Sys.Audit');
    const state = exitStatus === undefined ? { status: 'running' } : { status: 'stopped', exitstatus: exitStatus };
    return answerWith({ upid, node, pid, pstart, starttime: startedAt, type, id, user, ...state });
  },
  'GET /nodes/{node}/tasks/{upid}/log': (host, call) => {
    const { log } = theTask(host, call, 'Sys.Audit');
    const lines = log.map((t, index) => ({ n: index + 1, t }));
    // PVE's own list cannot show an empty log.
    if (lines.length === 0) return { data: [{ n: 1, t: 'no content' }], total: 1 };
    return { data: page(lines, call.params), total: lines.length };
  },
  'DELETE /nodes/{node}/tasks/{upid}': (host, call) => {
    host.tasks.stop(theTask(host, call, 'Sys.Modify').upid);
    return answerWith(null);
  },
};
