// The two PBS of the full lab: the one that every host writes to, with months behind it, and the second copy that pulls from
// it every morning.
import { firstPbsState } from '../pbs/first.ts';
import { snapshotOf } from '../pbs/snapshots.ts';
import type { PbsState, Snapshot } from '../pbs/state.ts';
import { storageLogin } from '../pve/first.ts';
import type { Guest } from '../pve/state.ts';
import type { Task } from '../tasks/task.ts';
import { guestsOf } from './guests.ts';
import { type HostName, isBackedUp, nightAt, outcomeOn } from './nights.ts';
import { copyHistory, mainHistory, verifiedBy } from './pbs-history.ts';

export type FullPbs = Readonly<{
  /** epoch milliseconds */
  now: number;
  /** 4.2.3 without */
  version?: string;
}>;

const store = 'pbs-datastore';
const copy = 'copy';
export const syncLogin = 'sync@pbs!copy';

const gib = 1024 ** 3;
const terabyte = 1000 ** 4;
const hosts: readonly HostName[] = ['ruapehu', 'pihanga', 'hikurangi'];

// Each of the last three weeks' nights, and what is left of the months and the year before.
const nights = [...Array.from({ length: 21 }, (_, index) => index + 1), 45, 75, 105, 330];
/** The one that has rotted, and was found so. */
const rotten = { id: '450', night: 45 };

const kindOf = ({ type }: Guest): 'vm' | 'ct' => (type === 'qemu' ? 'vm' : 'ct');

function snapshotsOf(now: number, tasks: readonly Task[]): Snapshot[] {
  const all = hosts.flatMap((host) => guestsOf(host).map((guest) => ({ host, guest })));
  return all.flatMap(({ host, guest }) =>
    nights
      // What can be made anew from code is not kept for long; the old container was backed up once, when it was moved.
      .filter((night) => !guest.tags.includes('talos') || night <= 7)
      .filter((night) => guest.name !== 'synapse-old' || night === 45)
      .filter((night) => isBackedUp(outcomeOn(night, host, guest.vmid)))
      .map((night) => snapshot(now, tasks, host, guest, night)),
  );
}

function snapshot(now: number, tasks: readonly Task[], host: HostName, guest: Guest, night: number): Snapshot {
  // Two hosts have a container 100: their snapshots stand in one group, seconds apart.
  const time = nightAt(now, night) + 3 + (guest.vmid % 60) + hosts.indexOf(host) * 60;
  const upid = verifiedBy(tasks, time);
  const state = String(guest.vmid) === rotten.id && night === rotten.night ? 'failed' : 'ok';
  return {
    ...snapshotOf({
      ...{ store, namespace: '', type: kindOf(guest), id: String(guest.vmid), time, size: guest.disk },
      ...{ owner: storageLogin, comment: guest.name, protected: guest.name === 'forge' && night === 75 },
    }),
    ...(upid === undefined ? {} : { verification: { state, upid } }),
    ...(state === 'failed' ? { damaged: true } : {}),
  };
}

const workshop = (now: number): Snapshot[] =>
  [6, 13, 27].map((night) =>
    snapshotOf({
      ...{ store, namespace: 'workshop', type: 'host', id: 'workshop', time: nightAt(now, night) + 7200 },
      ...{ size: 12 * gib, owner: 'workshop@pbs' },
    }),
  );

const entry = (authId: string, path: string, role: string) => ({ authId, path, role, propagate: true });
const enabled = (id: string) => ({ id, enable: true, expire: 0 });
const opsGrants = [
  { path: '/', role: 'Audit' },
  { path: '/datastore', role: 'DatastoreAdmin' },
];
const ofOps = ['holdfast@pbs', 'holdfast@pbs!ops'].flatMap((authId) =>
  opsGrants.map(({ path, role }) => entry(authId, path, role)),
);

const workshopJob = 'workshop-weekly';

export function mainPbsState({ now, version }: FullPbs): PbsState {
  const { tasks, lastPrune, lastVerify, lastCollection, verifyId } = mainHistory(now);
  return firstPbsState({
    ...{ now, node: 'pbs-pihanga', ...(version === undefined ? {} : { version }) },
    instead: {
      datastores: [
        {
          ...{ name: store, path: '/mnt/pbs-datastore', comment: 'on the NAS, over NFS' },
          options: { 'gc-schedule': '04:00' },
          ...{ total: Math.round(13.3 * terabyte), used: Math.round(2.1 * terabyte), lastCollection },
        },
      ],
      snapshots: [...snapshotsOf(now, tasks), ...workshop(now)],
      namespaces: [{ store, name: 'workshop' }],
      pruneJobs: [
        {
          ...{ id: workshopJob, lastRun: lastPrune },
          options: {
            store,
            ns: 'workshop',
            schedule: 'sun 04:30',
            'keep-weekly': 8,
            comment: 'of the workshop, not ours',
          },
        },
      ],
      verifyJobs: [
        {
          ...{ id: verifyId, lastRun: lastVerify },
          options: { store, schedule: 'sun 05:00', 'ignore-verified': true, 'outdated-after': 30 },
        },
      ],
      tasks,
      users: ['root@pam', 'holdfast@pbs', 'workshop@pbs', 'sync@pbs'].map(enabled),
      tokens: ['holdfast@pbs!ops', storageLogin, syncLogin].map(enabled),
      acl: [
        ...ofOps,
        entry(storageLogin, `/datastore/${store}`, 'DatastoreBackup'),
        entry('workshop@pbs', `/datastore/${store}/workshop`, 'DatastorePowerUser'),
        ...['sync@pbs', syncLogin].map((authId) => entry(authId, `/datastore/${store}`, 'DatastoreReader')),
      ],
      // The S3 service of the lab is really there: it is asked.
      s3Services: [],
    },
  });
}

export function copyPbsState(
  { now, version }: FullPbs,
  main: Readonly<{ port: number; fingerprint: string }>,
  copied: readonly Snapshot[],
): PbsState {
  const { tasks, lastSync, syncId, lastCollection } = copyHistory(now);
  const remote = { host: '127.0.0.1', port: main.port, 'auth-id': syncLogin, fingerprint: main.fingerprint };
  return firstPbsState({
    ...{ now, node: 'pbs-taupo', ...(version === undefined ? {} : { version }) },
    instead: {
      datastores: [
        {
          ...{
            name: copy,
            path: '/mnt/datastore/copy',
            comment: 'the second copy',
            options: { 'gc-schedule': 'sat 09:00' },
          },
          ...{ total: 8 * terabyte, used: Math.round(1.9 * terabyte), lastCollection },
        },
      ],
      // It came a few hours later, is its own, and was never verified here.
      snapshots: copied
        .filter(({ time }) => time < nightAt(now, 1) + 4 * 3600)
        .map(({ verification: _, damaged: __, ...one }) => ({
          ...one,
          store: copy,
          owner: 'root@pam',
          protected: false,
        })),
      namespaces: [{ store: copy, name: 'workshop' }],
      pruneJobs: [],
      remotes: [{ id: 'pbs-pihanga', options: { ...remote, comment: 'the one that the hosts write to' } }],
      syncJobs: [
        {
          ...{ id: syncId, lastRun: lastSync },
          options: {
            store: copy,
            remote: 'pbs-pihanga',
            'remote-store': store,
            schedule: '06:00',
            'remove-vanished': false,
          },
        },
      ],
      tasks,
      users: ['root@pam', 'holdfast@pbs'].map(enabled),
      tokens: ['holdfast@pbs!ops'].map(enabled),
      acl: ofOps,
      // The S3 service of the lab is really there: it is asked.
      s3Services: [],
    },
  });
}
