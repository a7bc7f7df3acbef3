// Processes of a run that outlived it: what a killed worker's commands had started in turn. They are known by HOLDFAST_RUN
// in the environment they were started with, and by nothing else.
import { readdir, readFile } from 'node:fs/promises';
import { Fault } from '../fault.ts';
import { type Duration, milliseconds, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import { errnoOf } from './local-faults.ts';

export type Leftover = Readonly<{
  pid: number;
  /** in clock ticks since boot: with the pid it names one process, even when pids are used again */
  startedAt: string;
  command: string;
}>;

/** Processes of other users are invisible to anyone but root; this very process is never among them. */
export async function findLeftovers(run: string): Promise<readonly Leftover[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.filter((pid) => pid !== process.pid).map((pid) => leftover(pid, run)));
  return found.filter((one) => one !== undefined);
}

/** @throws Fault `leftovers-stay` where one does not die (it waits for a disk or a network share that does not answer) */
export async function endLeftovers(run: string, clock: Clock, patience: Duration = seconds(20)): Promise<void> {
  const until = clock.monotonic() + patience;
  for (;;) {
    const left = await findLeftovers(run);
    if (left.length === 0) return;
    for (const one of left) await kill(one, run);
    if (clock.monotonic() > until) throw stay(run, left);
    await clock.sleep(milliseconds(50));
  }
}

async function leftover(pid: number, run: string): Promise<Leftover | undefined> {
  try {
    const environment = (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0');
    if (!environment.includes(`HOLDFAST_RUN=${run}`)) return undefined;
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // Behind the command's name, which is in brackets and may hold anything, field 3 is next (proc(5)); 22 is the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, startedAt: fields[19] ?? '', command: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')) };
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

async function kill({ pid, startedAt }: Leftover, run: string): Promise<void> {
  const now = await leftover(pid, run);
  if (now?.startedAt !== startedAt) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

const stay = (run: string, left: readonly Leftover[]): Fault =>
  new Fault('leftovers-stay', {
    where: run,
    says: `${left.map(({ pid, command }) => `${command} (${pid})`).join(', ')} could not be ended`,
    remedy: 'see what they wait for (`cat /proc/PID/stack`, dmesg): most often a disk or share that does not answer',
  });
