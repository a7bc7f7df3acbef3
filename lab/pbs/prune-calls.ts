// Pruning that somebody starts: one group by hand, or a whole job (facts: pbs-api sections 4, 5; log: failure-signatures F13).
import type { Going } from '../tasks/tasks.ts';
import { below } from './content.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { keepText, marked, pruneGroup, shownRow } from './prune.ts';
import { jobNamed, pathOf, refuseBusy } from './prune-jobs.ts';
import { badRequest, missesPermission } from './refusal.ts';
import { may } from './rights.ts';
import type { PruneJob } from './state.ts';
import {
  accessTo,
  aclPath,
  datastoreNamed,
  type Group,
  groupsIn,
  maintenanceOf,
  namespacesOf,
  owns,
  toPrune,
} from './stores.ts';

const spoken = (store: string, namespace: string): string =>
  `datastore '${store}', ${namespace === '' ? 'root namespace' : `namespace '${namespace}'`}`;

function groupIn(host: PbsHost, call: PbsCall, store: string): Group {
  const namespace = text(call.params, 'ns') ?? '';
  const { ownedOnly } = accessTo(host, call, store, namespace, toPrune);
  const [type, id] = [required(call.params, 'backup-type'), required(call.params, 'backup-id')];
  const group = groupsIn(host, store, namespace).find((one) => one.type === type && one.id === id);
  if (group === undefined) throw badRequest(`group '${type}/${id}' does not exist`);
  if (ownedOnly && !owns(call.user, group.owner))
    throw badRequest(`backup owner check failed (${call.user} != ${group.owner})`);
  return group;
}

async function pruneByHand(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const store = required(call.params, 'store');
  const group = groupIn(host, call, store);
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
function groupsFor(host: PbsHost, call: PbsCall, { options }: PruneJob): readonly Group[] {
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

/** A job without a rule removes nothing, and says so with a warning. */
async function runJob(host: PbsHost, call: PbsCall, job: PruneJob, { log, pass }: Going): Promise<string | undefined> {
  const { options } = job;
  const store = String(options['store']);
  const rules = keepText(options);
  const depth = options['max-depth'] === undefined ? undefined : Number(options['max-depth']);
  log(`prune job '${job.id}'`);
  log(`Starting datastore prune on ${spoken(store, String(options['ns'] ?? ''))}, ${depthText(depth)}`);
  log(rules === '' ? 'No prune selection - keeping all files.' : `retention options: ${rules}`);
  const groups = groupsFor(host, call, job);
  await pass(0.1);
  for (const group of groups) {
    await pass(0.9 / groups.length);
    log(`Pruning group ${group.namespace}:"${group.type}/${group.id}"`);
    pruneGroup(host, marked(host, store, group, options), log);
  }
  return rules === '' ? 'WARNINGS: 1' : undefined;
}

async function startJob(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const job = jobNamed(host, required(call.params, 'id'));
  if (!may(host, call, pathOf(job), 'Datastore.Modify')) throw missesPermission(pathOf(job), ['Datastore.Modify']);
  await refuseBusy(host, job);
  const store = String(job.options['store']);
  const problem = maintenanceOf(datastoreNamed(host, store), true);
  if (problem !== undefined) throw badRequest(problem);
  // It works on what the job says now, whatever becomes of the job meanwhile.
  const asItIs = { ...job, options: { ...job.options } };
  const namespace = String(job.options['ns'] ?? '');
  const { upid } = host.tasks.start({
    type: 'prunejob',
    id: namespace === '' ? store : `${store}:${namespace}`,
    user: call.user,
    asked: call,
    work: (going) => runJob(host, call, asItIs, going),
  });
  job.lastRun = upid;
  return answerWith(upid);
}

export const pruneCalls: PbsHandlers = {
  'POST /admin/datastore/{store}/prune': pruneByHand,
  'POST /admin/prune/{id}/run': startJob,
};
