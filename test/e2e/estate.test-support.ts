// An estate of its own in a temp folder, the command line as an operator types it, and ways to kill a run at a chosen moment.
// It is shared by the end-to-end tests and the proof.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readJournal } from '../../src/journal/journal.ts';
import type { Entry, Run } from '../../src/model/run.ts';

export const root = resolve(import.meta.dirname, '..', '..');
export const holdfast: readonly string[] = [
  process.execPath,
  '--max-semi-space-size=4',
  '--disable-warning=ExperimentalWarning',
  // What hangs is asked where it stands before it is ended (see `inTime`).
  '--report-on-signal',
  '--report-exclude-env',
  '--report-exclude-network',
  '--report-compact',
  '--report-filename=stderr',
  join(root, 'src', 'main.ts'),
];

export type Answered = Readonly<{ status: number | null; stdout: string; stderr: string; command: string }>;

export type Estate = Readonly<{
  folder: string;
  file: string;
  state: string;
  name: string;
  /** types a command and waits for its end */
  type(...args: readonly string[]): Promise<Answered>;
  /** types a command and lets it go on */
  start(...args: readonly string[]): Started;
  journal<Result>(
    look: (runs: readonly Run[], entriesOf: (run: string) => readonly Entry[]) => Result,
  ): Result | undefined;
  close(): void;
  /** `using` shows why a test failed, too, where a run that it left behind is then in the way of closing */
  [Symbol.dispose](): void;
}>;

export type Started = Readonly<{
  process: ChildProcess;
  ended: Promise<number | null>;
  said: Readonly<{ stdout: string; stderr: string }>;
  output(): string;
}>;

export function estateIn(text: string, name: string, folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'))): Estate {
  const file = join(folder, 'estate.yaml');
  writeFileSync(file, text.replaceAll('FOLDER', folder));
  return estateAt(file, name, join(folder, 'state'), folder);
}

export function estateAt(file: string, name: string, state: string, folder: string, env = process.env): Estate {
  const full = (args: readonly string[]) => [...holdfast.slice(1), '--estate', file, '--state', state, ...args];
  const program = holdfast[0] ?? process.execPath;
  const own = join(state, encodeURIComponent(name));
  const start: Estate['start'] = (...args) => {
    const child = spawn(program, full(args), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (said.stdout += chunk));
    child.stderr.on('data', (chunk) => (said.stderr += chunk));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    return { process: child, ended, said, output: () => `${said.stdout}${said.stderr}` };
  };
  const close = () => rmSync(folder, { recursive: true, force: true });
  return {
    ...{ folder, file, state, name, start, close, [Symbol.dispose]: close },
    // Not by spawnSync: the lab may live in this very process, and has to answer meanwhile.
    type: async (...args) => {
      const started = start(...args);
      const status = await inTime(started, args);
      return { status, ...started.said, command: `holdfast ${args.join(' ')}` };
    },
    journal: (look) => {
      if (!existsSync(join(own, 'journal.db'))) return undefined;
      const journal = readJournal(own);
      try {
        return journal === undefined ? undefined : look(journal.runs(100), journal.entries);
      } finally {
        journal?.close();
      }
    },
  };
}

/**
 * In a test no command takes as long as a test may: one that never ended kept a whole CI run waiting until it was cut, and nobody
 * could tell why. Node's own report says where it stands. A proof may take its time.
 */
async function inTime({ process: child, ended, output }: Started, args: readonly string[]): Promise<number | null> {
  if (process.env['NODE_TEST_CONTEXT'] === undefined) return ended;
  const over = new AbortController();
  const late = pause(280_000, 'late' as const, { signal: over.signal }).catch(() => 'late' as const);
  const first = await Promise.race([ended, late]);
  over.abort();
  if (first !== 'late') return first;
  child.kill('SIGUSR2');
  await pause(3000);
  child.kill('SIGKILL');
  throw new Error(`it never ended: holdfast ${args.join(' ')}\n${output()}`);
}

/** Waits for what another process brings about; what never comes is an error after a minute. */
export async function until<Found>(
  what: string,
  look: () => Found | undefined | false,
  minutes = 1,
  milliseconds = 10,
): Promise<Found> {
  const end = performance.now() + minutes * 60_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`it never came: ${what}`);
    await pause(milliseconds);
  }
}

/** The moment at which a step was begun. */
export const reached = (estate: Estate, path: string | RegExp, event: Entry['event'] = 'trying'): Promise<string> =>
  until(`${path} ${event}`, () =>
    estate.journal((runs, entriesOf) => {
      const [run] = runs;
      const at = run === undefined ? [] : entriesOf(run.id);
      const fits = (entry: Entry) => (typeof path === 'string' ? entry.path === path : path.test(entry.path));
      return at.some((entry) => entry.event === event && fits(entry)) ? run?.id : undefined;
    }),
  );

/** The run, as soon as it tries the step; what ends before that is said at once. `known` is the newest run of before. */
export const tries = (
  estate: Estate,
  started: Pick<Started, 'process' | 'output'>,
  path: string | RegExp,
  known?: string,
  minutes?: number,
  milliseconds?: number,
): Promise<string> =>
  until(
    `${path} is tried`,
    () => {
      const found = estate.journal((runs, entriesOf) => {
        const run = runs[0]?.id ?? '';
        if (run === known) return undefined;
        const fits = (at: string) => (typeof path === 'string' ? at === path : path.test(at));
        return entriesOf(run).some((entry) => entry.event === 'trying' && fits(entry.path)) ? run : undefined;
      });
      if (found === undefined && started.process.exitCode !== null)
        throw new Error(`it ended before ${path}:\n${started.output()}`);
      return found;
    },
    minutes,
    milliseconds,
  );

/** Every process that works for a run: its worker, and whatever that started. */
export function processesOf(run: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`HOLDFAST_RUN=${run}`);
      } catch {
        return false;
      }
    });
}

export const workerOf = (run: string): number | undefined =>
  processesOf(run).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes('__worker'));

export type Victim = 'worker' | 'supervisor' | 'both';

/** kill -9, now. A worker whose supervisor dies is killed by the kernel; "both" does not leave it the time. */
export function kill(victim: Victim, started: Started, run: string): void {
  const worker = workerOf(run);
  const pids = { worker: [worker], supervisor: [started.process.pid], both: [worker, started.process.pid] }[victim];
  for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

const mounts = (): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');

/** Loop devices that still have the file open, as losetup says. */
const loopsOf = (image: string): string => execFileSync('losetup', ['-j', image], { encoding: 'utf8' }).trim();

/** What a run left behind, in words; nothing where it left nothing. */
export function leftBehind(run: string, image: string, copies: string): readonly string[] {
  const partial = existsSync(copies)
    ? readdirSync(copies, { recursive: true })
        .map(String)
        .filter((name) => name.includes('.partial'))
    : [];
  return [
    ...processesOf(run).map((pid) => `process ${pid}`),
    ...mounts().filter((mount) => mount.includes(run)),
    ...(loopsOf(image) === '' ? [] : [loopsOf(image)]),
    ...partial.filter((name) => name.includes(run)),
  ];
}

/** An estate that protects one image: FOLDER/photos.img, into FOLDER/copies. */
export const photosEstate = (name: string): string => `
estate: ${name}
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: photos-image, kind: disk-image, machine: here, workload: photos, image: FOLDER/photos.img, to: FOLDER/copies, keep: { keep_last: 2 } }
`;

/** An ext4 image made from a tree, of `mebibytes` size. */
export function imageOf(image: string, tree: string, mebibytes: number): void {
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-E', 'root_owner=0:0', '-d', tree, image, `${mebibytes}M`]);
}

export function treeIn(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export const canMount = (): boolean => process.getuid?.() === 0 && existsSync('/dev/loop-control');
