// Sync jobs with their runs, and syncing by hand (facts: pbs-api section 5).
import {
  answerWith,
  list,
  type Outcome,
  type PbsCall,
  type PbsHandlers,
  type PbsHost,
  required,
  text,
} from './host.ts';
import { refuseBusy, runsOf } from './job-runs.ts';
import { badRequest } from './refusal.ts';
import { entryNamed, sectionHandlers } from './sections/section.ts';
import { needSync } from './sections/sync-access.ts';
import { refuseFilters, syncJob } from './sections/sync-job.ts';
import type { Options } from './state.ts';
import { datastoreNamed, maintenanceOf } from './stores.ts';
import { sync } from './sync-work.ts';

/** `remote|-:remote-store:store:ns:jobid` */
const workerId = (options: Options, job: string): string =>
  [options['remote'] ?? '-', options['remote-store'], options['store'], options['ns'] ?? '', job].map(String).join(':');

function begin(host: PbsHost, call: PbsCall, options: Options, job: string): string {
  const isRead = options['sync-direction'] === 'push';
  const problem = maintenanceOf(datastoreNamed(host, String(options['store'])), !isRead);
  if (problem !== undefined) throw badRequest(problem);
  const id = workerId(options, job);
  return host.tasks.start({
    ...{ type: 'syncjob', id, user: call.user, asked: call },
    work: (going) => {
      going.log(`Starting datastore sync job '${id}'`);
      return sync(host, job, options, going);
    },
  }).upid;
}

async function startJob(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const job = entryNamed(syncJob, host.state, required(call.params, 'id'), 'GET');
  needSync(host, call, job.options);
  await refuseBusy(host, 'syncjob', job);
  job.lastRun = begin(host, call, { ...job.options }, job.id);
  return answerWith(job.lastRun);
}

/** As whoever asks: pulled groups are theirs. */
function once(direction: 'pull' | 'push'): (host: PbsHost, call: PbsCall) => Outcome {
  return (host, call) => {
    const options: Options = { ...call.params, 'sync-direction': direction, owner: call.user };
    needSync(host, call, options);
    refuseFilters(list(options, 'group-filter'));
    if (options['remote'] === undefined && options['store'] === options['remote-store'])
      throw badRequest("can't sync to same datastore");
    return answerWith(begin(host, call, options, ''));
  };
}

export const syncCalls: PbsHandlers = {
  ...sectionHandlers(syncJob),
  'GET /admin/sync': (host, call) => {
    const store = text(call.params, 'store');
    const jobs = host.state.syncJobs.filter(
      (job) => (syncJob.listed?.(host, call, job) ?? true) && (store === undefined || job.options['store'] === store),
    );
    const rows = jobs.map((job) => ({
      id: job.id,
      ...(syncJob.shown?.(job.options, job) ?? job.options),
      ...runsOf(host, job),
    }));
    return answerWith(host.chance.shuffled(rows));
  },
  'POST /admin/sync/{id}/run': startJob,
  'POST /pull': once('pull'),
  'POST /push': once('push'),
};
