// Faults that are a state of the server: set, something in it is otherwise; over, it is as it was, where nobody else has
// changed it since.
import type { Datastore, PbsState, Snapshot } from '../pbs/state.ts';
import type { Server } from '../server.ts';
import { pastOnPbs } from '../tasks/past.ts';
import type { FaultOptions } from './board.ts';
import type { FaultName } from './catalogue.ts';

/** Gives what undoes it. Throws, in words, where there is nothing to do it to. */
export function bringAbout(server: Server, name: FaultName, options: FaultOptions, now: number): () => void {
  if (server.product === 'pbs' && name === 'full-datastore') return fill(server.host.state, options);
  if (server.product === 'pbs' && name === 'failed-verify') return rot(server.host.state, options, now);
  return () => undefined;
}

function datastoreOf({ datastores }: PbsState, wanted: string | undefined): Datastore {
  const found = wanted === undefined ? datastores[0] : datastores.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`there is no datastore '${wanted}'`);
  return found;
}

function fill(state: PbsState, { object }: FaultOptions): () => void {
  const datastore = datastoreOf(state, object);
  const { used } = datastore;
  datastore.used = datastore.total;
  return () => {
    if (datastore.used === datastore.total) datastore.used = used;
  };
}

/** The newest snapshot, of that group where one is named. */
function newest({ snapshots }: PbsState, group: string | undefined): Snapshot {
  const [found] = snapshots
    .filter(({ type, id, finished }) => finished && type !== 'host' && (group ?? `${type}/${id}`) === `${type}/${id}`)
    .sort((one, other) => other.time - one.time);
  if (found === undefined) throw new Error(`there is no snapshot of '${group ?? 'any guest'}' to fail`);
  return found;
}

const digest = '02c5a8b3f1d04e6792b1c3d5e7f90a1b2c3d4e5f60718293a4b5c6d7e8f90123';

function rot(state: PbsState, { object }: FaultOptions, now: number): () => void {
  const snapshot = newest(state, object);
  const { store, type, id, time, verification, damaged } = snapshot;
  const name = `${type}/${id}/${new Date(time * 1000).toISOString().replace('.000Z', 'Z')}`;
  const file = snapshot.files.find(({ filename }) => /idx$/.test(filename))?.filename ?? 'drive-scsi0.img.fidx';
  const path = state.datastores.find((one) => one.name === store)?.path ?? '';
  const job = state.verifyJobs.find(({ options }) => options['store'] === store)?.id;
  const log = [
    ...(job === undefined ? [] : [`Starting datastore verify job '${store}:${job}'`]),
    `verify datastore ${store}`,
    'found 1 groups',
    `verify group ${store}:${type}/${id} (1 snapshots)`,
    `verify ${store}:${name}`,
    `  check ${file}`,
    `"can't verify chunk, load failed - store '${store}', unable to load chunk '${digest}' - Data blob has wrong CRC checksum."`,
    `corrupt chunk renamed to "${path}/.chunks/${digest.slice(0, 4)}/${digest}.0.bad"`,
    '  verified 12874.02/31744.00 MiB in 184.90 seconds, speed 69.63/171.68 MiB/s (1 errors)',
    `verify ${store}:${name}/${file} failed: chunks could not be verified`,
    'percentage done: 100.00% (1/1 groups)',
    'Failed to verify the following snapshots/groups:',
    `\t${name}`,
  ];
  const task = pastOnPbs(state.node, state.tasks.length + 1, {
    ...{ type: job === undefined ? 'verify' : 'verificationjob', id: job === undefined ? store : `${store}:${job}` },
    ...{ user: 'root@pam', startedAt: Math.floor(now / 1000) - 194, seconds: 194, log },
    exit: 'verification failed - please check the log for details',
  });
  state.tasks.push(task);
  const failed = { state: 'failed' as const, upid: task.upid };
  snapshot.verification = failed;
  snapshot.damaged = true;
  return () => {
    if (snapshot.verification !== failed) return;
    if (verification === undefined) delete snapshot.verification;
    else snapshot.verification = verification;
    snapshot.damaged = damaged ?? false;
  };
}
