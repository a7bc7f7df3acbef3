// A month of vzdump on one host: one task each night, with the log a real one leaves (facts: failure-signatures F1 to F9).
import type { JournalLine } from '../journal.ts';
import { contents, freezing, thawing } from '../pve/backup-words.ts';
import { writtenBytes } from '../pve/room.ts';
import type { Guest } from '../pve/state.ts';
import { volumeTime } from '../pve/storage-content.ts';
import { pastOnPve } from '../tasks/past.ts';
import type { Task } from '../tasks/task.ts';
import { type HostName, nightAt, nightsKept, type Outcome, outcomeOn } from './nights.ts';

const gib = 1024 ** 3;
const chunkStore =
  'unable to open chunk store at "/mnt/pbs-datastore/.chunks" - No such file or directory (os error 2)';

const orderOf = (guests: readonly Guest[]): readonly Guest[] => [...guests].sort((one, other) => one.vmid - other.vmid);

/** Only what has changed since the night before is read and sent. */
export const secondsFor = (guest: Guest): number => 8 + Math.round(writtenBytes(guest) / gib / 3);

const localTime = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
const span = (seconds: number): string =>
  [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');

export const runsOf = (host: HostName, guests: readonly Guest[], now: number): Task[] =>
  Array.from({ length: nightsKept }, (_, index) => nightsKept - index).map((night, index) =>
    run(host, guests, nightAt(now, night), night, index),
  );

function run(host: HostName, guests: readonly Guest[], startedAt: number, night: number, nth: number): Task {
  const past = { type: 'vzdump', id: '', user: 'root@pam', startedAt };
  const whole = outcomeOn(night, host, 0);
  if (whole === 'unreachable') {
    const exit =
      "could not activate storage 'old-pbs': old-pbs: error fetching datastores - 500 Can't connect to 127.0.0.1:8007 (Connection timed out)";
    return pastOnPve(host, nth, { ...past, seconds: 14, exit, log: [notified] });
  }
  const log = [
    'INFO: starting new backup job: vzdump --all 1 --mode snapshot --storage old-pbs --compress zstd --quiet 1',
  ];
  let at = startedAt + 3;
  const outcomes = orderOf(guests).map((guest) => {
    const outcome = outcomeOn(night, host, guest.vmid);
    const seconds = outcome === 'ok' || outcome === 'log-lost' || outcome === 'no-agent' ? secondsFor(guest) : 2;
    log.push(...guestLog(guest, outcome, at, seconds));
    at += seconds + 1;
    return outcome;
  });
  const failed = outcomes.some((outcome) => ['reset', 'locked', 'stale'].includes(outcome));
  log.push(`INFO: Backup job finished ${failed ? 'with errors' : 'successfully'}`, notified);
  const exit = failed ? 'job errors' : outcomes.includes('log-lost') ? 'WARNINGS: 1' : 'OK';
  return pastOnPve(host, nth, { ...past, seconds: at - startedAt, exit, log });
}

const notified = 'INFO: notified via target `mail-to-root`';

function guestLog(guest: Guest, outcome: Outcome, at: number, seconds: number): readonly string[] {
  const { vmid, type, name, status } = guest;
  const kind = type === 'qemu' ? 'VM' : 'CT';
  const head = [
    `INFO: Starting Backup of VM ${vmid} (${type})`,
    `INFO: Backup started at ${localTime(at)}`,
    `INFO: status = ${status}`,
  ];
  const failed = (why: string, ...before: readonly string[]): readonly string[] => [
    ...before,
    `ERROR: Backup of VM ${vmid} failed - ${why}`,
    `INFO: Failed at ${localTime(at + seconds)}`,
  ];
  if (outcome === 'locked') return [...head, ...failed(`${kind} is locked (backup)`)];
  const opened = [
    ...head,
    `INFO: ${kind} Name: ${name}`,
    ...contents(guest),
    `INFO: backup mode: ${status === 'running' ? 'snapshot' : 'stop'}`,
    'INFO: ionice priority: 7',
    `INFO: creating Proxmox Backup Server archive '${type === 'qemu' ? 'vm' : 'ct'}/${vmid}/${volumeTime(at)}'`,
  ];
  if (type === 'qemu') return [...opened, ...ofVm(guest, outcome, at, seconds, failed)];
  if (outcome === 'stale') return [...opened, ...failed(clientFailed(vmid), `INFO: Error: ${chunkStore}`)];
  return [...opened, ...ofContainer(guest, outcome), ...finished(guest, at, seconds)];
}

const clientFailed = (vmid: number): string =>
  `command 'lxc-usernsexec -m u:0:100000:65536 -m g:0:100000:65536 -- /usr/bin/proxmox-backup-client backup --crypt-mode=none pct.conf:/var/tmp/vzdumptmp193207_${vmid}/etc/vzdump/pct.conf root.pxar:/mnt/vzsnap0 --include-dev /mnt/vzsnap0/./ --skip-lost-and-found --backup-type ct --backup-id ${vmid}' failed: exit code 255`;

type Failed = (why: string, ...before: readonly string[]) => readonly string[];

function ofVm(guest: Guest, outcome: Outcome, at: number, seconds: number, failed: Failed): readonly string[] {
  const { vmid, disk, status } = guest;
  const agent =
    outcome === 'no-agent'
      ? ['INFO: skipping guest filesystem freeze - agent configured but not running?']
      : [...freezing(guest)];
  const resuming = status === 'running' ? ['INFO: resuming VM again'] : [];
  const broken = (why: string) => failed(why, `ERROR: ${why}`, 'INFO: aborting backup job', ...resuming);
  if (outcome === 'stale') {
    const why = `VM ${vmid} qmp command 'backup' failed - backup connect failed: command error: ${chunkStore}`;
    return [...agent, ...thawing(guest), ...broken(why)];
  }
  const changed = Math.max(1, Math.round(writtenBytes(guest) / gib / 40));
  const total = Math.round(disk / gib);
  const begun = [
    ...agent,
    'INFO: starting backup via QMP command',
    ...(outcome === 'no-agent' ? [] : thawing(guest)),
    `INFO: started backup task '3f0c8a52-7c8e-4c55-9b6b-0f6b2c1f${String(vmid).padStart(4, '0')}'`,
    ...resuming,
    `INFO: scsi0: dirty-bitmap status: OK (${changed}.0 GiB of ${total}.0 GiB dirty)`,
    `INFO: using fast incremental mode (dirty-bitmap), ${changed}.0 GiB dirty of ${total}.0 GiB total`,
  ];
  if (outcome === 'reset')
    return [
      ...begun,
      ...broken(
        'backup write data failed: command error: write_data upload error: pipelined request failed: connection reset',
      ),
    ];
  return [
    ...begun,
    `INFO: 100% (${changed}.0 GiB of ${changed}.0 GiB) in ${seconds - 4}s, read: 136.3 MiB/s, write: 130.2 MiB/s`,
    'INFO: Waiting for server to finish backup validation...',
    `INFO: backup was done incrementally, reused ${total - changed}.00 GiB (${Math.round((1 - changed / total) * 100)}%)`,
    `INFO: transferred ${changed}.00 GiB in ${seconds - 3} seconds (111.7 MiB/s)`,
    'INFO: adding notes to backup',
    ...finished(guest, at, seconds),
  ];
}

const ofContainer = ({ vmid }: Guest, outcome: Outcome): readonly string[] => [
  'INFO: set max number of entries in memory for file-based backups to 1048576',
  'INFO: root.pxar: had to backup 61.208 MiB of 1.462 GiB (compressed 14.037 MiB) in 6.41 s (average 233.552 MiB/s)',
  'INFO: Uploaded backup catalog (1.027 MiB)',
  'INFO: adding notes to backup',
  ...(outcome === 'log-lost'
    ? [`WARN: uploading backup task log failed: connection reset (/var/log/vzdump/lxc-${vmid}.log)`]
    : []),
];

const finished = ({ vmid }: Guest, at: number, seconds: number): readonly string[] => [
  `INFO: Finished Backup of VM ${vmid} (${span(seconds)})`,
  `INFO: Backup finished at ${localTime(at + seconds)}`,
];

/** What each of those tasks left in the journal. */
export const journalOf = (tasks: readonly Task[]): JournalLine[] =>
  tasks.flatMap(({ upid, user, startedAt, endedAt = startedAt, exitStatus }) => [
    { at: startedAt * 1000, unit: 'pvescheduler', text: `<${user}> starting task ${upid}` },
    { at: endedAt * 1000, unit: 'pvescheduler', text: `<${user}> end task ${upid} ${exitStatus}` },
  ]);
