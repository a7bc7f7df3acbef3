// A month of the tasks of both PBS, with the logs real ones leave (facts: failure-signatures F11 to F14).
import { type Past, pastOnPbs } from '../tasks/past.ts';
import type { Task } from '../tasks/task.ts';
import { guestsOf } from './guests.ts';
import { secondsFor } from './host-history.ts';
import { type HostName, isBackedUp, nightAt, nightsKept, outcomeOn } from './nights.ts';

const store = 'pbs-datastore';
const verifyId = 'v-8f3a1c22-0b1d';
const syncId = 's-1a2b3c4d-5e6f';
const hour = 3600;
const root = 'root@pam';

/** Newest last, as a task list is kept; each knows its number. */
function inOrder(node: string, pasts: readonly Past[]): Task[] {
  return [...pasts]
    .sort((one, other) => one.startedAt - other.startedAt)
    .map((past, index) => pastOnPbs(node, index + 1, past));
}

const all = Array.from({ length: nightsKept }, (_, index) => nightsKept - index);
// The week is that of the nights: the job runs after the night of a Sunday.
const isSunday = (seconds: number): boolean => new Date(seconds * 1000).getUTCDay() === 0;
const sundays = (now: number): readonly number[] => all.map((night) => nightAt(now, night)).filter(isSunday);
const week = 7 * 24 * hour;

/** The verification that looked at a snapshot of that time first; undefined for those that wait for the next one. */
export function verifiedBy(tasks: readonly Task[], time: number): string | undefined {
  const ran = tasks.filter(({ type }) => type === 'verificationjob');
  const [first] = ran;
  if (first === undefined || time > first.startedAt) return ran.find(({ startedAt }) => startedAt > time)?.upid;
  // Older than the list of tasks goes back.
  const before = Math.floor((first.startedAt - time) / week) * week;
  return pastOnPbs('pbs-pihanga', 1, verification(first.startedAt - before)).upid;
}

function collection(startedAt: number, on: string, schedule: string): Past {
  const log: Past['log'] = [
    `starting garbage collection on store ${on}`,
    `task triggered by schedule '${schedule}'`,
    [1, 'Access time update check successful, proceeding with GC.'],
    [1, 'Start GC phase1 (mark used chunks)'],
    [21, 'marked 100% (362 of 362 index files)'],
    [21, 'Start GC phase2 (sweep unused chunks)'],
    [100, 'processed 99% (180291 chunks)'],
    [101, 'Removed garbage: 12.347 GiB'],
    [101, 'Removed chunks: 7013'],
    [101, 'Pending removals: 1.204 GiB (in 530 chunks)'],
    [101, 'Original data usage: 24.512 TiB'],
    [101, 'On-Disk usage: 1.882 TiB (7.68%)'],
    [101, 'On-Disk chunks: 1121130'],
    [101, 'Deduplication factor: 13.02'],
    [101, 'Average chunk size: 1.754 MiB'],
  ];
  return { type: 'garbage_collection', id: on, user: root, startedAt, seconds: 101, exit: 'OK', log };
}

function verification(startedAt: number): Past {
  const log: Past['log'] = [
    `Starting datastore verify job '${store}:${verifyId}'`,
    "task triggered by schedule 'sun 05:00'",
    `verify datastore ${store}`,
    'found 14 groups',
    'using 1 read and 4 verify thread(s)',
    `verify group ${store}:ct/200 (21 snapshots)`,
    [3600, 'percentage done: 100.00% (14/14 groups)'],
  ];
  const parts = { type: 'verificationjob', id: `${store}:${verifyId}`, user: root, startedAt, seconds: 3600 };
  return { ...parts, exit: 'OK', log };
}

const prune = (startedAt: number): Past => ({
  ...{ type: 'prunejob', id: `${store}:workshop`, user: root, startedAt, seconds: 1, exit: 'OK' },
  log: [
    "prune job 'workshop-weekly'",
    "task triggered by schedule 'sun 04:30'",
    `Starting datastore prune on datastore '${store}', namespace 'workshop', down to full depth`,
    'retention options: --keep-weekly 8',
    'Pruning group workshop:"host/workshop"',
  ],
});

const hosts: readonly HostName[] = ['ruapehu', 'pihanga', 'hikurangi'];

/** Where a session was opened there is a task; whoever was refused at the door left none. */
function backups(now: number, night: number): readonly Past[] {
  return hosts.flatMap((host) => {
    let at = nightAt(now, night) + 4;
    return [...guestsOf(host)]
      .sort((one, other) => one.vmid - other.vmid)
      .flatMap((guest): readonly Past[] => {
        const outcome = outcomeOn(night, host, guest.vmid);
        const group = `${guest.type === 'qemu' ? 'vm' : 'ct'}/${guest.vmid}`;
        const startedAt = at;
        const seconds = isBackedUp(outcome) ? secondsFor(guest) : 2;
        at += seconds + 1;
        if (!isBackedUp(outcome) && outcome !== 'reset') return [];
        const name = `${group}/${new Date((startedAt - 1) * 1000).toISOString().replace('.000Z', 'Z')}`;
        const began = `starting new backup on datastore '${store}' from ::ffff:127.0.0.1: "${name}"`;
        const past = { type: 'backup', id: `${store}:${group}`, user: 'holdfast@pbs!storage', startedAt, seconds };
        const cut = 'connection error: connection reset';
        return outcome === 'reset'
          ? [{ ...past, exit: cut, log: [began, `backup failed: ${cut}`, 'removing failed backup'] }]
          : [
              {
                ...past,
                exit: 'OK',
                log: [began, [seconds, 'successfully finished backup'], [seconds, 'backup finished successfully']],
              },
            ];
      });
  });
}

const isOver =
  (now: number) =>
  ({ endedAt }: Task): boolean =>
    Number(endedAt) <= now / 1000;

const lastOf = (tasks: readonly Task[], type: string): string => {
  const found = tasks.findLast((task) => task.type === type);
  if (found === undefined) throw new Error(`the lab's history has no ${type}`);
  return found.upid;
};

export function mainHistory(now: number) {
  const tasks = inOrder('pbs-pihanga', [
    ...all.map((night) => collection(nightAt(now, night) + 2 * hour, store, '04:00')),
    ...sundays(now).flatMap((night) => [prune(night + 2.5 * hour), verification(night + 3 * hour)]),
    ...all.slice(-14).flatMap((night) => backups(now, night)),
  ]).filter(isOver(now));
  return {
    ...{ tasks, verifyId, lastVerify: lastOf(tasks, 'verificationjob') },
    ...{ lastPrune: lastOf(tasks, 'prunejob'), lastCollection: lastOf(tasks, 'garbage_collection') },
  };
}

function sync(startedAt: number, broke: boolean): Past {
  const job = `pbs-pihanga:${store}:copy::${syncId}`;
  const seconds = broke ? 71 : 640;
  const failed =
    '[vm/450]: sync group vm/450 failed - drive-scsi0.img.fidx: error reading a body from connection: connection reset';
  const log: Past['log'] = [
    `Starting datastore sync job '${job}'`,
    "task triggered by schedule '06:00'",
    `sync datastore '${store}' from 'pbs-pihanga' to 'copy'`,
    'Found 14 groups to sync (out of 14 total)',
    ...(broke
      ? ([
          [70, failed],
          [71, 'Finished syncing root namespace, current progress: 13 groups, 0 snapshots'],
        ] as const)
      : ([
          [640, 'Summary: sync job pulled 14.512 GiB in 8823 chunks (average rate: 23.221 MiB/s)'],
          [640, `sync job '${job}' end`],
        ] as const)),
  ];
  return {
    type: 'syncjob',
    id: job,
    user: root,
    startedAt,
    seconds,
    exit: broke ? 'sync failed with some errors.' : 'OK',
    log,
  };
}

export function copyHistory(now: number) {
  const tasks = inOrder('pbs-taupo', [
    ...all.map((night) => sync(nightAt(now, night) + 4 * hour, night === 8)),
    ...all
      .map((night) => nightAt(now, night))
      .filter((night) => new Date(night * 1000).getUTCDay() === 6)
      .map((night) => collection(night + 7 * hour, 'copy', 'sat 09:00')),
  ]).filter(isOver(now));
  return { tasks, syncId, lastSync: lastOf(tasks, 'syncjob'), lastCollection: lastOf(tasks, 'garbage_collection') };
}
