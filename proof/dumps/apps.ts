// What the parts on a vault, a Vaultwarden and programs have in common: an estate with one layer, points by their age, and looks at
// every process of this machine while a command is at work.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answered, type Estate, estateIn, tries, workerOf } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { leftOf, pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';

export type AppPlace = Readonly<{ estate: Estate; copies: string }>;

/** The layer and its workload are both called `app`. @param layer `FOLDER` in it is the folder of the estate */
export function placeFor(layer: Readonly<Record<string, unknown>>, folder?: string): AppPlace {
  const text = JSON.stringify({
    estate: 'apps',
    machines: [{ name: 'here', local: true }],
    workloads: [{ name: 'app' }],
    layers: [{ name: 'app', machine: 'here', workload: 'app', to: 'FOLDER/copies', keep: { keep_last: 9 }, ...layer }],
  });
  const estate = folder === undefined ? estateIn(text, 'apps') : estateIn(text, 'apps', folder);
  mkdirSync(join(estate.folder, 'copies'), { mode: 0o700, recursive: true });
  return { estate, copies: join(estate.folder, 'copies', 'app') };
}

export const run = ['run', 'app', '--now'] as const;
/** @param confirm what is destroyed, by its name */
export const backWith =
  (...confirm: readonly string[]) =>
  (point: string, ...more: readonly string[]): readonly string[] => [
    ...['restore', 'app', '--point', point, '--to', 'live', '--yes'],
    ...confirm.flatMap((name) => ['--confirm', name]),
    ...more,
  ];

/** The first lines that one has and the other has not. */
export function differing(one: string, other: string): string {
  const [first, second] = [one.split('\n'), other.split('\n')];
  const only = (these: readonly string[], those: readonly string[], sign: string) => {
    const known = new Set(those);
    return these.filter((line) => !known.has(line)).map((line) => `${sign} ${line.slice(0, 160)}`);
  };
  return [...only(first, second, '-').slice(0, 6), ...only(second, first, '+').slice(0, 6)].join('\n');
}

export const secretFile = ({ folder }: Estate, name: string, secret: string): void =>
  writeFileSync(join(folder, name), secret, { mode: 0o600 });

/** Sealed points, the oldest first: their names begin with the time. */
export const pointsOf = (copies: string): readonly string[] => [...pointsIn(copies)].sort();
/** The newest that a run has made. */
export const newestOf = (copies: string): string =>
  pointsOf(copies).findLast((point) => !point.endsWith('-before')) ?? 'none';
const isHeld = (copies: string, point: string): boolean => readdirSync(join(copies, point)).includes('HOLD');
/** What a restore has put away, the newest last. */
export const heldIn = (copies: string): readonly string[] => pointsOf(copies).filter((point) => isHeld(copies, point));

type Manifest = Readonly<{
  counts: Readonly<Record<string, number>>;
  details: Readonly<{
    items: readonly Readonly<{ name: string; part: string; counts: Readonly<Record<string, number>> }>[];
    missing?: readonly Readonly<{ name: string }>[];
  }>;
}>;

export const manifestOf = (copies: string, point: string): Manifest =>
  JSON.parse(readFileSync(join(copies, point, 'manifest.json'), 'utf8')) as Manifest;

/** The file in which a dump lies. */
export const partOf = (copies: string, point: string, name: string): string =>
  join(copies, point, manifestOf(copies, point).details.items.find((one) => one.name === name)?.part ?? 'none');

export const words = ({ stdout, stderr }: Answered): string => `${stdout}${stderr}`;

/** Others may be at work on this machine: only what has the id of the run in its name is of it. */
const logins = (run: string): readonly string[] =>
  ['/dev/shm', '/run', '/tmp'].flatMap((folder) => readdirSync(folder).filter((name) => name.includes(run)));

/** Processes, unfinished points and folders, and files to log in with. */
export const leftAfter = (run: string, folders: readonly string[]): readonly string[] => [
  ...leftOf(run, folders),
  ...logins(run),
  ...folders.flatMap((folder) =>
    sh(`find . -name '.partial*' -o -name '.removing*'`, folder).split('\n').filter(Boolean),
  ),
];

export const lastRun = ({ journal }: Estate): string => journal((runs) => runs[0]?.id) ?? '';

/** A small disk of its own at FOLDER/small, which some other file fills but for so many bytes. */
export function smallDisk(
  { folder }: Estate,
  megabytes: number,
  free: number,
): Readonly<{ free(): void; close(): void }> {
  const at = join(folder, 'small');
  sh(
    `mkdir small; mount -t tmpfs -o size=${megabytes}m,mode=0700 tmpfs small; head -c ${megabytes * 1024 * 1024 - free} /dev/zero >small/filler`,
    folder,
  );
  return { free: () => void sh('rm small/filler', folder), close: () => void sh(`umount '${at}'`) };
}

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

export type Peak = Readonly<{ megabytes: number; looks: number; status: number | null; said: string }>;

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
  let [kilobytes, looks] = [0, 0];
  for (;;) {
    const found = pid === undefined ? undefined : peakNow(pid);
    if (found === undefined) break;
    kilobytes = Math.max(kilobytes, found);
    looks += 1;
    await pause(20);
  }
  const [status] = (await ended) as [number | null];
  return { megabytes: Math.round(kilobytes / 1024), looks, status, said };
}

function peakNow(pid: number): number | undefined {
  try {
    const [, text] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return text === undefined ? undefined : Number(text);
  } catch {
    return undefined;
  }
}

/** No point more and none less, and nothing unfinished. */
export function untouched({ estate, copies }: AppPlace, before: readonly string[]): readonly string[] {
  const now = pointsOf(copies);
  const left = leftAfter(lastRun(estate), [estate.folder]);
  return [...left, ...(now.join() === before.join() ? [] : [`points: ${before.join()} -> ${now.join()}`])];
}

/** A line: the run failed with that code, and nothing is other than before. */
export function failedRow(
  report: Report,
  name: string,
  authority: string,
  answer: Answered,
  code: RegExp,
  others: readonly string[],
): void {
  report.row(
    `3.7 ${name}`,
    answer.command,
    authority,
    (answer.status === 1 && code.test(words(answer)) && others.length === 0) || seen(answer, others.join('; ')),
  );
}
