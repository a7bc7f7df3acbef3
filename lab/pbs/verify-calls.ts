// Verify jobs and verifying by hand (facts: pbs-api sections 4, 5).
import { below } from './content.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { refuseBusy, runsOf } from './job-runs.ts';
import { badRequest, missesPermission } from './refusal.ts';
import { may } from './rights.ts';
import { jobPath } from './sections/prune-job.ts';
import { entryNamed, sectionHandlers } from './sections/section.ts';
import { verifyJob } from './sections/verify-job.ts';
import type { Options } from './state.ts';
import { accessTo, aclPath, type Group, groupsIn, namespacesOf, owns, toVerify, usableDatastore } from './stores.ts';
import { verifyGroups } from './verify.ts';

/** The groups below a namespace that whoever runs it may verify. */
function groupsFor(host: PbsHost, call: PbsCall, store: string, options: Options): readonly Group[] {
  const within = namespacesOf(host, store).filter((namespace) =>
    below(String(options['ns'] ?? ''), namespace, Number(options['max-depth'] ?? 7)),
  );
  return within.flatMap((namespace) => {
    const path = aclPath(store, namespace);
    const all = may(host, call, path, 'Datastore.Verify');
    const owned = may(host, call, path, 'Datastore.Backup');
    return groupsIn(host, store, namespace).filter(({ owner }) => all || (owned && owns(call.user, owner)));
  });
}

async function startJob(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const job = entryNamed(verifyJob, host.state, required(call.params, 'id'), 'GET');
  const path = jobPath(job.options);
  if (!may(host, call, path, 'Datastore.Verify')) throw missesPermission(path, ['Datastore.Verify']);
  await refuseBusy(host, 'verificationjob', job);
  const store = String(job.options['store']);
  usableDatastore(host, store, false);
  const options = { ...job.options };
  const id = `${store}:${job.id}`;
  const { upid } = host.tasks.start({
    ...{ type: 'verificationjob', id, user: call.user, asked: call },
    work: (going) => {
      going.log(`Starting datastore verify job '${id}'`);
      return verifyGroups(host, { store, groups: groupsFor(host, call, store, options), options }, going);
    },
  });
  job.lastRun = upid;
  return answerWith(upid);
}

/** Of everything below a namespace, or of one group, or of one snapshot. */
function byHand(host: PbsHost, call: PbsCall): Outcome {
  const store = required(call.params, 'store');
  const namespace = text(call.params, 'ns') ?? '';
  accessTo(host, call, store, namespace, toVerify);
  const { 'backup-type': type, 'backup-id': group, 'backup-time': time } = call.params;
  if ((type === undefined) !== (group === undefined) || (type === undefined && time !== undefined))
    throw badRequest('parameters do not specify a backup group or snapshot');
  const options: Options = Object.fromEntries(Object.entries(call.params));
  const groups = groupsFor(host, call, store, type === undefined ? options : { ...options, 'max-depth': 0 });
  const wanted = groups.filter((one) => type === undefined || (one.type === type && one.id === group));
  if (type !== undefined && wanted.length === 0) throw badRequest(`group '${type}/${group}' does not exist`);
  const inside =
    type === undefined ? namespace : `${namespace}:${type}/${group}${time === undefined ? '' : `/${time}`}`;
  const { upid } = host.tasks.start({
    type: type === undefined ? 'verify' : time === undefined ? 'verify_group' : 'verify_snapshot',
    id: inside === '' ? store : `${store}:${inside}`,
    user: call.user,
    asked: call,
    work: (going) =>
      verifyGroups(
        host,
        { store, groups: wanted, options, ...(time === undefined ? {} : { time: Number(time) }) },
        going,
      ),
  });
  return answerWith(upid);
}

export const verifyCalls: PbsHandlers = {
  ...sectionHandlers(verifyJob),
  'GET /admin/verify': (host, call) => {
    const store = text(call.params, 'store');
    const jobs = host.state.verifyJobs.filter(
      (job) => (verifyJob.listed?.(host, call, job) ?? true) && (store === undefined || job.options['store'] === store),
    );
    return answerWith(host.chance.shuffled(jobs).map((job) => ({ id: job.id, ...job.options, ...runsOf(host, job) })));
  },
  'POST /admin/verify/{id}/run': startJob,
  'POST /admin/datastore/{store}/verify': byHand,
};
