// Garbage collection: when it ran, what it found, and a run (facts: pbs-api section 4; log: failure-signatures F12). The lab has no
// chunks, so nothing is unused, and a run frees nothing.
import type { Going } from '../tasks/tasks.ts';
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { isRunning, nextRun, taskNamed } from './job-runs.ts';
import { badRequest } from './refusal.ts';
import { may } from './rights.ts';
import type { Datastore } from './state.ts';
import { aclPath, datastoreNamed, usableDatastore } from './stores.ts';

const chunk = 2 * 1024 ** 2;

export function collectionOf(host: PbsHost, store: Datastore) {
  const snapshots = host.state.snapshots.filter((one) => one.store === store.name && one.finished);
  const done = taskNamed(host, store.lastCollection);
  const ran = done?.endedAt !== undefined;
  return {
    ...(ran ? { upid: done.upid } : {}),
    'disk-bytes': ran ? store.used : 0,
    'disk-chunks': ran ? Math.ceil(store.used / chunk) : 0,
    'index-data-bytes': ran ? snapshots.reduce((sum, { size }) => sum + size, 0) : 0,
    'index-file-count': ran ? snapshots.reduce((sum, { files }) => sum + files.length, 0) : 0,
    ...{ 'pending-bytes': 0, 'pending-chunks': 0, 'removed-bad': 0, 'still-bad': 0 },
    ...{ 'removed-bytes': 0, 'removed-chunks': 0 },
  };
}

function statusOf(host: PbsHost, store: Datastore) {
  const task = taskNamed(host, store.lastCollection);
  const schedule = store.options['gc-schedule'];
  const next = nextRun(host, schedule, task?.endedAt ?? 0);
  return {
    store: store.name,
    ...collectionOf(host, store),
    ...(schedule === undefined ? {} : { schedule }),
    ...(next === undefined ? {} : { 'next-run': next }),
    ...(task?.endedAt === undefined
      ? {}
      : {
          'last-run-endtime': task.endedAt,
          'last-run-state': task.exitStatus,
          duration: task.endedAt - task.startedAt,
        }),
  };
}

async function collect(store: Datastore, { log, pass }: Going): Promise<undefined> {
  log(`starting garbage collection on store ${store.name}`);
  log('Access time update check successful, proceeding with GC.');
  log('Start GC phase1 (mark used chunks)');
  await pass(0.6);
  log('Start GC phase2 (sweep unused chunks)');
  await pass(0.4);
  log('Removed garbage: 0 B');
  log(`On-Disk chunks: ${Math.ceil(store.used / chunk)}`);
  return undefined;
}

function start(host: PbsHost, call: PbsCall): Outcome {
  const name = required(call.params, 'store');
  const store = usableDatastore(host, name, true);
  if (isRunning(taskNamed(host, store.lastCollection)))
    throw badRequest(
      `starting garbage collection on store ${name} failed - Start GC failed - (already running/locked)`,
    );
  const { upid } = host.tasks.start({
    ...{ type: 'garbage_collection', id: name, user: call.user, asked: call },
    work: (going) => collect(store, going),
  });
  store.lastCollection = upid;
  return answerWith(upid);
}

export const collection: PbsHandlers = {
  'GET /admin/datastore/{store}/gc': (host, { params }) =>
    answerWith(statusOf(host, datastoreNamed(host, required(params, 'store')))),
  'POST /admin/datastore/{store}/gc': start,
  'GET /admin/gc': (host, call) => {
    const wanted = text(call.params, 'store');
    const seen = host.state.datastores.filter(
      ({ name }) =>
        (wanted === undefined || name === wanted) &&
        may(host, call, aclPath(name), 'Datastore.Audit', 'Datastore.Backup'),
    );
    return answerWith(host.chance.shuffled(seen).map((store) => statusOf(host, store)));
  },
};
