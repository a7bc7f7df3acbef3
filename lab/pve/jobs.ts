// /cluster/backup: backup jobs (facts: pve-api section 4; the answers are those of its section 13).
import { randomUUID } from 'node:crypto';
import { isCalendarProblem } from '../../src/values/calendar.ts';
import { nextEvent } from '../../src/values/calendar-next.ts';
import { parseCalendar } from '../../src/values/calendar-parse.ts';
import { epochSeconds, instantAt } from '../../src/values/instant.ts';
import { utc } from '../../src/values/time-zone.ts';
import { pveContract } from '../contract/contract.ts';
import { underLock } from './config-lock.ts';
import { splitList } from './formats.ts';
import { answerWith, type Outcome, type PveCall, type PveHandlers, type PveHost, required, text } from './host.ts';
import {
  fleecingStorage,
  type JobOptions,
  normalPrune,
  oneLine,
  propertiesIn,
  refuseBadTemplate,
  refuseConflicts,
  refuseNoSelection,
  scheduleIn,
} from './job-rules.ts';
import { badParameters, died, wrapped } from './refusal.ts';
import { need, needPool, onlyRootMaySet } from './rights.ts';
import type { Values } from './schema.ts';
import type { BackupJob } from './state.ts';

const rootOnly = ['script', 'tmpdir', 'dumpdir'];
const asObjects = ['prune-backups', 'fleecing', 'performance'];

const shown = ({ id, options }: BackupJob): Record<string, unknown> => {
  const objects = asObjects.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [[name, propertiesIn(name, String(value))] as const];
  });
  return { id, type: 'vzdump', ...options, ...Object.fromEntries(objects) };
};

function nextRun({ options }: BackupJob, now: number): object {
  const event = parseCalendar(String(options['schedule']));
  const next = isCalendarProblem(event) ? undefined : nextEvent(event, instantAt(now), utc);
  return next === undefined ? {} : { 'next-run': epochSeconds(next) };
}

async function locked(host: PveHost, call: PveCall, work: () => void): Promise<Outcome> {
  try {
    await underLock(host, call, 'jobs', work);
    return answerWith(null);
  } catch (thrown) {
    throw wrapped(thrown);
  }
}

/** What is sent, as the file keeps it. */
function storedOptions(params: Values): JobOptions {
  const options: JobOptions = { ...params };
  for (const name of ['id', 'delete', 'starttime', 'dow']) delete options[name];
  const schedule = scheduleIn(params);
  if (schedule !== undefined) options['schedule'] = schedule;
  if (options['prune-backups'] !== undefined) options['prune-backups'] = normalPrune(String(options['prune-backups']));
  if (options['comment'] !== undefined) options['comment'] = oneLine(options['comment']);
  return options;
}

/** Rights that depend on the values: 403 before the lock. */
function needForValues(host: PveHost, call: PveCall, storage: string | undefined): void {
  if (storage !== undefined) need(host, call, `/storage/${storage}`, 'Datastore.Allocate');
  const pool = text(call.params, 'pool');
  if (pool !== undefined) needPool(host, call, pool);
  const fleecing = fleecingStorage(call.params);
  if (fleecing !== undefined) need(host, call, `/storage/${fleecing}`, 'Datastore.AllocateSpace');
}

async function create(host: PveHost, call: PveCall): Promise<Outcome> {
  const { params } = call;
  const options = storedOptions(params);
  if (options['schedule'] === undefined)
    throw badParameters({ schedule: "neither 'starttime' nor 'schedule' were set" });
  onlyRootMaySet(call, params, rootOnly);
  needForValues(host, call, text(params, 'storage') ?? 'local');
  const id = text(params, 'id') ?? randomUUID();
  return locked(host, call, () => {
    if (host.state.jobs.some((job) => job.id === id)) throw died(`Job '${id}' already exists`);
    refuseConflicts(options);
    refuseNoSelection(options);
    refuseBadTemplate(options);
    host.state.jobs.push({ id, options: withoutEmpty({ enabled: 1, ...options }) });
  });
}

const withoutEmpty = (options: JobOptions): JobOptions =>
  Object.fromEntries(Object.entries(options).filter(([name, value]) => name !== 'comment' || value !== ''));

async function update(host: PveHost, call: PveCall): Promise<Outcome> {
  const { params } = call;
  const id = required(params, 'id');
  const options = storedOptions(params);
  const unset = splitList(text(params, 'delete') ?? '');
  onlyRootMaySet(call, { ...params, ...Object.fromEntries(unset.map((name) => [name, 1])) }, rootOnly);
  needForValues(host, call, text(params, 'storage') ?? (unset.includes('storage') ? 'local' : undefined));
  if (params['delete'] === '' || (Object.keys(options).length === 0 && unset.length === 0))
    throw died('no options specified');
  return locked(host, call, () => {
    const job = host.state.jobs.find((one) => one.id === id);
    if (job === undefined) throw died('no such vzdump job');
    need(host, call, `/storage/${job.options['storage'] ?? 'local'}`, 'Datastore.Allocate');
    if (job.options['dumpdir'] !== undefined && call.user !== 'root@pam')
      throw died(
        "only root@pam may edit jobs with a 'dumpdir' option. at /usr/share/perl5/PVE/API2/Backup.pm line 52.",
      );
    job.options = changed(job.options, options, unset);
  });
}

const deletable = [
  ...Object.keys(pveContract.paths['/nodes/{node}/vzdump']?.['POST']?.parameters ?? {}),
  'comment',
  'repeat-missed',
];

/** What is sent decides how guests are selected; what no longer fits goes by itself. */
function changed(present: Readonly<JobOptions>, sent: JobOptions, unset: readonly string[]): JobOptions {
  const unknown = unset.find((name) => !deletable.includes(name));
  if (unknown !== undefined) throw badParameters({ delete: `unknown option '${unknown}'` });
  refuseConflicts(sent);
  refuseBadTemplate(sent);
  const left = Object.fromEntries(Object.entries(present).filter(([name]) => !unset.includes(name)));
  const job: JobOptions = { ...left, ...sent };
  const drop = (...names: readonly string[]) => {
    for (const name of names) delete job[name];
  };
  if (sent['vmid'] !== undefined) drop('all', 'exclude', 'pool');
  else if (sent['exclude'] !== undefined || sent['all'] === 1) drop('vmid', 'pool');
  else if (job['pool'] !== undefined) drop('vmid', 'all', 'exclude');
  refuseConflicts(job);
  refuseNoSelection(job);
  return withoutEmpty(job);
}

export const jobs: PveHandlers = {
  'GET /cluster/backup': (host) =>
    answerWith(host.chance.shuffled(host.state.jobs).map((job) => ({ ...shown(job), ...nextRun(job, host.now()) }))),
  'GET /cluster/backup/{id}': (host, { params }) => {
    const job = host.state.jobs.find(({ id }) => id === params['id']);
    if (job === undefined) throw badParameters({ id: `No such job '${params['id']}'` });
    return answerWith(shown(job));
  },
  'POST /cluster/backup': create,
  'PUT /cluster/backup/{id}': update,
  'DELETE /cluster/backup/{id}': (host, call) =>
    locked(host, call, () => {
      const job = host.state.jobs.find(({ id }) => id === call.params['id']);
      if (job === undefined) throw badParameters({ id: `No such job '${call.params['id']}'` });
      host.state.jobs = host.state.jobs.filter((one) => one !== job);
    }),
};
