// The processes of this machine, looked at while a command is at work: who knows a secret, and how much memory a worker has.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Estate, tries, workerOf } from '../../test/e2e/estate.test-support.ts';
import { sh } from '../layers/place.ts';
import { lastRun } from './apps.ts';

const allProcesses = (): readonly string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

function readOf(pid: string, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch {
    return '';
  }
}

export type Watched<Result> = Readonly<{
  result: Result;
  /** how often a worker of Holdfast was among the processes that were looked at */
  workers: number;
  /** command lines of processes that had it as an argument, and of those that had it in their environment */
  argv: readonly string[];
  environ: readonly string[];
}>;

/** Looks into every process of this machine until the work is over. */
export async function watchingFor<Result>(secrets: readonly string[], work: Promise<Result>): Promise<Watched<Result>> {
  const all = { argv: new Set<string>(), environ: new Set<string>() };
  let workers = 0;
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  while (!over) {
    const now = whoHas(secrets);
    workers += now.workers;
    for (const line of now.argv) all.argv.add(line);
    for (const line of now.environ) all.environ.add(line);
    await pause(1);
  }
  return { result: await ended, workers, argv: [...all.argv], environ: [...all.environ] };
}

/** One look into every process of this machine. */
export function whoHas(secrets: readonly string[]): Omit<Watched<never>, 'result'> {
  const found = { workers: 0, argv: [] as string[], environ: [] as string[] };
  for (const pid of allProcesses()) {
    const line = readOf(pid, 'cmdline');
    if (line.includes('__worker')) found.workers += 1;
    const says = line.replaceAll('\0', ' ');
    if (secrets.some((secret) => line.includes(secret))) found.argv.push(says);
    if (secrets.some((secret) => readOf(pid, 'environ').includes(secret))) found.environ.push(says);
  }
  return found;
}

/** Where Holdfast is unpacked as it is installed: sources that are translated as they are read take memory of their own. */
export const installedFolder = (): string => sh('mktemp -d /tmp/holdfast-proof-package-XXXXXX');

export type Peak = Readonly<{
  megabytes: number;
  /** what there was when there was most of it, in MB: its own, and what it shares with its program's file */
  of: string;
  looks: number;
  status: number | null;
  said: string;
}>;

/** The most memory that the worker of a run ever had, as the kernel says, in MB. @param program Holdfast as it is installed */
export async function peakOf(program: string, estate: Estate, path: RegExp, typed: readonly string[]): Promise<Peak> {
  const before = lastRun(estate);
  const words = ['--estate', estate.file, '--state', estate.state, ...typed];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  const ended = once(child, 'close');
  const id = await tries(estate, { process: child, output: () => said }, path, before);
  const pid = workerOf(id);
  let [megabytes, looks, of] = [0, 0, ''];
  for (;;) {
    const found = pid === undefined ? undefined : memoryOf(pid);
    if (found === undefined) break;
    if (found.peak > megabytes) of = `${found.own} MB of its own, ${found.shared} MB of files`;
    megabytes = Math.max(megabytes, found.peak);
    looks += 1;
    await pause(20);
  }
  const [status] = (await ended) as [number | null];
  return { megabytes, of, looks, status, said };
}

function memoryOf(pid: number): Readonly<Record<'peak' | 'own' | 'shared', number>> | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [peak, own, shared] = ['VmHWM', 'RssAnon', 'RssFile'].map((name) =>
      Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024),
    );
    return peak && own && shared ? { peak, own, shared } : undefined;
  } catch {
    return undefined;
  }
}
