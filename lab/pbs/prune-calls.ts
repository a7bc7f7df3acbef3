// Pruning that somebody starts: one group by hand, or a whole job (facts: pbs-api sections 4, 5; log: failure-signatures F13).
import type { Going } from '../tasks/tasks.ts';
import { below } from './content.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { refuseBusy, runsOf } from './job-runs.ts';
import { keepText, marked, nameOf, pruneGroup, shownRow } from './prune.ts';
import { badRequest, missesPermission } from './refusal.ts';
import { may } from './rights.ts';
import { jobPath, pruneJob } from './sections/prune-job.ts';
import { entryNamed, sectionHandlers } from './sections/section.ts';
import type { Options } from './state.ts';
import { aclPath, type Group, groupFor, groupsIn, namespacesOf, owns, toPrune, usableDatastore } from './stores.ts';

const spoken = (store: string, namespace: string): string =>
  `datastore '${store}', ${namespace === '' ? 'root namespace' : `namespace '${namespace}'`}`;

async function pruneByHand(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const store = required(call.params, 'store');
  const group = groupFor(host, call, toPrune);
  const options = keepText(call.params);
  const rows = marked(host, store, group, call.params);
  if (call.params['dry-run'] === true || options === '') return answerWith(rows.map(shownRow));
  const done = Promise.withResolvers<void>();
  // Where nobody waits for it, its error is told by the task alone.
  done.promise.catch(() => undefined);
  const work = async ({ log, pass }: Going): Promise<undefined> => {
    try {
      log(`retention options: ${options}`);
      log(`Starting prune on ${spoken(store, group.namespace)} group "${group.type}/${group.id}"`);
      await pass(1);
      pruneGroup(host, rows, log);
      done.resolve();
    } catch (thrown) {
      done.reject(thrown);
      throw thrown;
    }
  };
  const id = `${store}:${group.namespace}:${group.type}/${group.id}`;
  const { upid } = host.tasks.start({ type: 'prune', id, user: call.user, asked: call, work });
  if (call.params['use-task'] === true) return answerWith(upid);
  await done.promise.catch((thrown: Error) => {
    throw badRequest(thrown.message);
  });
  return answerWith(rows.map(shownRow));
}

const depthText = (depth: number | undefined): string =>
  depth === undefined ? 'down to full depth' : depth === 0 ? 'non-recursive' : `down to depth ${depth}`;

/** The groups below the job's namespace that whoever runs it may prune. */
function groupsFor(host: PbsHost, call: PbsCall, options: Options): readonly Group[] {
  const store = String(options['store']);
  const within = namespacesOf(host, store).filter((namespace) =>
    below(String(options['ns'] ?? ''), namespace, Number(options['max-depth'] ?? 7)),
  );
  return within.flatMap((namespace) => {
    const path = aclPath(store, namespace);
    const all = may(host, call, path, 'Datastore.Modify');
    const owned = may(host, call, path, 'Datastore.Prune');
    return groupsIn(host, store, namespace).filter(({ owner }) => all || (owned && owns(call.user, owner)));
  });
}

/** What has no rule removes nothing, and says so with a warning. */
async function pruneAll(
  host: PbsHost,
  call: PbsCall,
  options: Options,
  { log, pass }: Going,
): Promise<string | undefined> {
  const store = String(options['store']);
  const rules = keepText(options);
  const depth = options['max-depth'] === undefined ? undefined : Number(options['max-depth']);
  log(`Starting datastore prune on ${spoken(store, String(options['ns'] ?? ''))}, ${depthText(depth)}`);
  log(rules === '' ? 'No prune selection - keeping all files.' : `retention options: ${rules}`);
  if (options['dry-run'] === true) log('(dry run)');
  const groups = groupsFor(host, call, options);
  await pass(0.1);
  for (const group of groups) {
    await pass(0.9 / groups.length);
    log(`Pruning group ${group.namespace}:"${group.type}/${group.id}"`);
    const rows = marked(host, store, group, options);
    if (options['dry-run'] === true) for (const { mark, snapshot } of rows) log(`${mark} ${nameOf(snapshot)}`);
    else pruneGroup(host, rows, log);
  }
  return rules === '' ? 'WARNINGS: 1' : undefined;
}

/** A whole store, or what is below a namespace, by hand. */
function pruneStore(host: PbsHost, call: PbsCall): Outcome {
  const store = required(call.params, 'store');
  const namespace = text(call.params, 'ns') ?? '';
  const path = aclPath(store, namespace);
  const rights = ['Datastore.Modify', 'Datastore.Prune'];
  if (!may(host, call, path, ...rights)) throw missesPermission(path, rights);
  usableDatastore(host, store, true);
  const options: Options = { ...call.params };
  const work = (going: Going) => pruneAll(host, call, options, going);
  return answerWith(
    host.tasks.start({ type: 'prune', id: `${store}:${namespace}`, user: call.user, asked: call, work }).upid,
  );
}

async function startJob(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const job = entryNamed(pruneJob, host.state, required(call.params, 'id'), 'GET');
  const path = jobPath(job.options);
  if (!may(host, call, path, 'Datastore.Modify')) throw missesPermission(path, ['Datastore.Modify']);
  await refuseBusy(host, 'prunejob', job);
  const store = String(job.options['store']);
  usableDatastore(host, store, true);
  // It works on what the job says now, whatever becomes of the job meanwhile.
  const options = { ...job.options };
  const namespace = String(job.options['ns'] ?? '');
  const { upid } = host.tasks.start({
    type: 'prunejob',
    id: namespace === '' ? store : `${store}:${namespace}`,
    user: call.user,
    asked: call,
    work: (going) => {
      going.log(`prune job '${job.id}'`);
      return pruneAll(host, call, options, going);
    },
  });
  job.lastRun = upid;
  return answerWith(upid);
}

export const pruneCalls: PbsHandlers = {
  ...sectionHandlers(pruneJob),
  'GET /admin/prune': (host, call) => {
    const store = text(call.params, 'store');
    const jobs = host.state.pruneJobs.filter(
      (job) => (pruneJob.listed?.(host, call, job) ?? true) && (store === undefined || job.options['store'] === store),
    );
    return answerWith(host.chance.shuffled(jobs).map((job) => ({ id: job.id, ...job.options, ...runsOf(host, job) })));
  },
  'POST /admin/datastore/{store}/prune': pruneByHand,
  'POST /admin/datastore/{store}/prune-datastore': pruneStore,
  'POST /admin/prune/{id}/run': startJob,
};
