// What the task of a backup does: one guest after the other, each with the lines that vzdump writes (facts: pve-api sections 5, 6).

import { randomUUID } from 'node:crypto';
import { stoppedWords } from '../tasks/stopped.ts';
import type { Going } from '../tasks/tasks.ts';
import type { BackupTarget, Begun, Problem } from './backup.ts';
import { notesFor } from './backup-notes.ts';
import { openTarget } from './backup-target.ts';
import { contents, freezing, thawing } from './backup-words.ts';
import type { PveCall, PveHost } from './host.ts';
import { may } from './rights.ts';
import type { Values } from './schema.ts';
import { modeOf, stage } from './staging.ts';
import type { Guest } from './state.ts';

export type BackupWork = Readonly<{
  storage: string;
  /** ids in the order they are taken */
  guests: readonly number[];
  /** guests without the right to are passed over without a word */
  all: boolean;
}>;

const busy = new WeakMap<object, Promise<unknown>>();

/** A node runs one vzdump at a time; the next one waits. */
export const backUp =
  (host: PveHost, call: PveCall, work: BackupWork) =>
  async (going: Going): Promise<string> => {
    going.log(`INFO: starting new backup job: vzdump ${commandLine(host, call.params, work)}`);
    await turnOf(host, going);
    const { promise, resolve } = Promise.withResolvers<void>();
    busy.set(host.state, promise);
    try {
      return await job(host, call, work, going);
    } finally {
      busy.delete(host.state);
      resolve();
    }
  };

async function turnOf(host: PveHost, going: Going): Promise<void> {
  if (!busy.has(host.state)) return;
  going.log('INFO: trying to get global lock - waiting...');
  while (busy.has(host.state)) await going.pass(0.02);
  going.log('INFO: got global lock');
}

function commandLine(host: PveHost, params: Values, { guests, all }: BackupWork): string {
  const options = Object.entries(params).filter(([name]) => !['vmid', 'all', 'node'].includes(name));
  const words = options.map(([name, value]) => `--${name} ${Array.isArray(value) ? value.join(' ') : value}`);
  const which = all ? [] : [guests.join(' ')];
  return [...which, ...(all ? ['--all 1'] : []), `--node ${host.state.node}`, ...words].join(' ');
}

async function job(host: PveHost, call: PveCall, work: BackupWork, going: Going): Promise<string> {
  const target = await openTarget(host, work.storage);
  const wanted = work.guests.filter((vmid) => allowed(host, call, vmid, work.all));
  let failed = 0;
  for (const vmid of wanted) failed += (await one(host, call, target, going, vmid, 1 / wanted.length)) ? 0 : 1;
  going.log(`INFO: Backup job finished ${failed === 0 ? 'successfully' : 'with errors'}`);
  if (failed > 0) throw new Error('job errors');
  return 'OK';
}

function allowed(host: PveHost, call: PveCall, vmid: number, all: boolean): boolean {
  const granted = may(host, call, `/vms/${vmid}`, 'VM.Backup');
  if (!granted && !all) throw new Error(`Permission check failed (/vms/${vmid}, VM.Backup)`);
  return granted;
}

/** False where that guest's backup failed; what stops the whole task is thrown. */
async function one(
  host: PveHost,
  call: PveCall,
  target: BackupTarget,
  going: Going,
  vmid: number,
  share: number,
): Promise<boolean> {
  const began = host.now();
  const guest = host.state.guests.find((candidate) => candidate.vmid === vmid);
  try {
    if (guest === undefined) throw new Error(`unable to find VM '${vmid}'`);
    going.log(`INFO: Starting Backup of VM ${vmid} (${guest.type})`);
    going.log(`INFO: Backup started at ${localTime(began)}`);
    await copy(host, call, target, going, guest, share);
    going.log(`INFO: Finished Backup of VM ${vmid} (${lasted(host.now() - began)})`);
    going.log(`INFO: Backup finished at ${localTime(host.now())}`);
    return true;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    going.log(`ERROR: Backup of VM ${vmid} failed - ${why}`);
    going.log(`INFO: Failed at ${localTime(host.now())}`);
    if (why === stoppedWords.pve) throw thrown;
    return false;
  }
}

const quarters = [25, 50, 75, 100];

async function copy(
  host: PveHost,
  call: PveCall,
  target: BackupTarget,
  going: Going,
  guest: Guest,
  share: number,
): Promise<void> {
  if (guest.lock !== undefined) throw new Error(`${kindOf(guest)} is locked (${guest.lock})`);
  guest.lock = 'backup';
  try {
    const mode = described(host, call, going, guest);
    stage(host.state, guest, mode, call.params, going.log);
    const begun = target.begin(guest, Math.floor(host.now() / 1000));
    going.log(`INFO: creating ${begun.name}`);
    await (guest.type === 'qemu' ? ofVm : ofContainer)(begun, going, guest, share);
    await begun.finish(notesFor(host, guest, call.params), call.params['protected'] === 1);
  } finally {
    guest.lock = undefined;
  }
  await target.prune(guest, call.params, (line) => going.log(line));
}

/** Gives the mode it is taken in. */
function described({ state }: PveHost, { params }: PveCall, going: Going, guest: Guest): string {
  going.log(`INFO: status = ${guest.status}`);
  going.log(`INFO: ${kindOf(guest)} Name: ${guest.name}`);
  for (const line of contents(guest)) going.log(line);
  const mode = modeOf(state, guest, String(params['mode'] ?? 'snapshot'), going.log);
  going.log(`INFO: backup mode: ${mode}`);
  going.log(`INFO: ionice priority: ${params['ionice'] ?? 7}`);
  return mode;
}

async function ofVm(begun: Begun, going: Going, guest: Guest, share: number): Promise<void> {
  for (const line of freezing(guest)) going.log(line);
  try {
    refuse(begun.problem('open'), going, () => {
      for (const line of thawing(guest)) going.log(line);
    });
    going.log('INFO: starting backup via QMP command');
    for (const line of thawing(guest)) going.log(line);
    going.log(`INFO: started backup task '${randomUUID()}'`);
    if (guest.status === 'running') going.log('INFO: resuming VM again');
    await moved(begun, going, guest, share);
  } catch (thrown) {
    going.log(`ERROR: ${(thrown as Error).message}`);
    going.log('INFO: aborting backup job');
    if (guest.status === 'running') going.log('INFO: resuming VM again');
    throw thrown;
  }
}

async function ofContainer(begun: Begun, going: Going, guest: Guest, share: number): Promise<void> {
  refuse(begun.problem('open'), going);
  await moved(begun, going, guest, share);
}

async function moved(begun: Begun, going: Going, { disk }: Guest, share: number): Promise<void> {
  for (const percent of quarters) {
    await going.pass(share / quarters.length);
    if (percent === 50) refuse(begun.problem('write'), going);
    going.log(`INFO: ${String(percent).padStart(3)}% of ${Math.round(disk / 1024 ** 3)} GiB`);
  }
}

function refuse(problem: Problem | undefined, going: Going, first?: () => void): void {
  if (problem === undefined) return;
  first?.();
  for (const line of problem.before) going.log(line);
  throw new Error(problem.why);
}

const kindOf = ({ type }: Guest): string => (type === 'qemu' ? 'VM' : 'CT');

const localTime = (moment: number): string => new Date(moment).toISOString().slice(0, 19).replace('T', ' ');

function lasted(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000);
  return [whole / 3600, (whole / 60) % 60, whole % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
}
