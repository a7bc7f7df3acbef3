// Prune jobs, sections of prune.cfg (facts: pbs-api section 5).
import { setTimeout as sleep } from 'node:timers/promises';
import { isCalendarProblem } from '../../src/values/calendar.ts';
import { nextEvent } from '../../src/values/calendar-next.ts';
import { parseCalendar } from '../../src/values/calendar-parse.ts';
import { epochSeconds, instantAt } from '../../src/values/instant.ts';
import type { Task } from '../tasks/task.ts';
import { digestOf, refuseStaleDigest, underLock } from './config-file.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { badParameters, badRequest, missesPermission } from './refusal.ts';
import { may } from './rights.ts';
import type { Values } from './schema.ts';
import type { Options, PruneJob } from './state.ts';
import { aclPath } from './stores.ts';

export const pathOf = ({ options }: Pick<PruneJob, 'options'>): string =>
  aclPath(String(options['store']), String(options['ns'] ?? ''));

export function jobNamed({ state }: PbsHost, id: string): PruneJob {
  const found = state.pruneJobs.find((job) => job.id === id);
  if (found === undefined) throw badRequest(`no such prune job '${id}'`);
  return found;
}

function need(host: PbsHost, call: PbsCall, job: Pick<PruneJob, 'options'>, privilege: string): void {
  if (!may(host, call, pathOf(job), privilege)) throw missesPermission(pathOf(job), [privilege]);
}

const shown = ({ id, options }: PruneJob) => ({ id, ...options });

const seenJobs = (host: PbsHost, call: PbsCall): readonly PruneJob[] =>
  host.chance.shuffled(
    host.state.pruneJobs.filter((job) => may(host, call, pathOf(job), 'Datastore.Audit', 'Datastore.Modify')),
  );

/** What is sent, as the file keeps it: the root namespace and a job that is not disabled leave no line. */
function storedOptions(params: Values): Options {
  const options: Options = {};
  for (const [name, value] of Object.entries(params))
    if (!['id', 'digest', 'delete'].includes(name) && typeof value !== 'object') options[name] = value;
  return options;
}

function tidied({ ...options }: Options): Options {
  if (options['ns'] === '') delete options['ns'];
  if (options['disable'] === false) delete options['disable'];
  return options;
}

async function create(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const id = required(call.params, 'id');
  const options = tidied(storedOptions(call.params));
  need(host, call, { options }, 'Datastore.Modify');
  await underLock(host, call, 'prune', () => {
    if (host.state.pruneJobs.some((job) => job.id === id)) throw badParameters([['id', `job '${id}' already exists.`]]);
    host.state.pruneJobs.push({ id, options, scheduledSince: secondsNow(host) });
  });
  return answerWith(null);
}

async function update(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'prune', () => {
    refuseStaleDigest(host, call, 'prune');
    const job = jobNamed(host, required(call.params, 'id'));
    need(host, call, job, 'Datastore.Modify');
    const { delete: unset } = call.params;
    const left = { ...job.options };
    for (const name of Array.isArray(unset) ? unset : []) delete left[name];
    const options = tidied({ ...left, ...storedOptions(call.params) });
    need(host, call, { options }, 'Datastore.Modify');
    if (options['schedule'] !== job.options['schedule']) job.scheduledSince = secondsNow(host);
    job.options = options;
  });
  return answerWith(null);
}

async function remove(host: PbsHost, call: PbsCall): Promise<Outcome> {
  await underLock(host, call, 'prune', () => {
    const job = jobNamed(host, required(call.params, 'id'));
    need(host, call, job, 'Datastore.Modify');
    refuseStaleDigest(host, call, 'prune');
    host.state.pruneJobs = host.state.pruneJobs.filter((one) => one !== job);
  });
  return answerWith(null);
}

const secondsNow = (host: PbsHost): number => Math.floor(host.now() / 1000);

const runOf = ({ state }: PbsHost, { lastRun }: PruneJob): Task | undefined =>
  state.tasks.find(({ upid }) => upid === lastRun);

/** Two runs of one job at a time there are not; PBS waits for its lock, and gives up. */
export async function refuseBusy(host: PbsHost, job: PruneJob): Promise<void> {
  if (!isRunning(runOf(host, job))) return;
  await sleep(host.delays.lock);
  if (isRunning(runOf(host, job)))
    throw badRequest(
      `Unable to acquire lock "/var/lib/proxmox-backup/jobstates/prunejob-${job.id}.lck" - got lock request timeout`,
    );
}
const isRunning = (task: Task | undefined): boolean => task !== undefined && task.endedAt === undefined;

/** When it last ran and how, and when it runs next: counted from the end of that run, or from a newer change of its schedule. */
function runsOf(host: PbsHost, job: PruneJob) {
  const task = runOf(host, job);
  const ended =
    task?.endedAt === undefined ? {} : { 'last-run-endtime': task.endedAt, 'last-run-state': task.exitStatus };
  const event = parseCalendar(String(job.options['schedule']));
  const since = Math.max(task?.endedAt ?? 0, job.scheduledSince ?? 0) || secondsNow(host) - 30;
  const next =
    job.options['disable'] === true || isCalendarProblem(event)
      ? undefined
      : nextEvent(event, instantAt(since * 1000), host.state.timeZone);
  return {
    ...(task === undefined ? {} : { 'last-run-upid': task.upid, ...ended }),
    ...(next === undefined ? {} : { 'next-run': epochSeconds(next) }),
  };
}

export const pruneJobs: PbsHandlers = {
  'GET /config/prune': (host, call) => answerWith(seenJobs(host, call).map(shown), { digest: digestOf(host, 'prune') }),
  'GET /config/prune/{id}': (host, call) => {
    const job = jobNamed(host, required(call.params, 'id'));
    need(host, call, job, 'Datastore.Audit');
    return answerWith(shown(job), { digest: digestOf(host, 'prune') });
  },
  'POST /config/prune': create,
  'PUT /config/prune/{id}': update,
  'DELETE /config/prune/{id}': remove,
  'GET /admin/prune': (host, call) => {
    const store = text(call.params, 'store');
    const jobs = seenJobs(host, call).filter(({ options }) => store === undefined || options['store'] === store);
    return answerWith(jobs.map((job) => ({ ...shown(job), ...runsOf(host, job) })));
  },
};
