// One command on this machine: started so that it dies with its worker, in a process group of its own, killed as a group.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Fault } from '../fault.ts';
import { type Duration, formatDuration, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import { shown } from '../values/text.ts';
import { errnoOf } from './local-faults.ts';
import type { Argv, RunOptions } from './machine.ts';
import { findCommand, searchPath } from './search-path.ts';

export type Host = Readonly<{ name: string; run?: string | undefined; clock: Clock }>;

export type Started = Readonly<{
  process: ChildProcess;
  /** resolves when it has ended and its output was read to the end; rejects where it was stopped or never began */
  ended: Promise<Readonly<{ exitCode: number; signal: string | undefined }>>;
}>;

/** Between the polite signal and the one that cannot be refused. */
const grace = seconds(3);

/**
 * PR_SET_PDEATHSIG acts when the *thread* that forked ends (prctl(2)), so commands are started from the main thread only.
 * It reaches the command itself, not what that starts in turn: those are found by HOLDFAST_RUN (leftovers.ts).
 */
export function start(host: Host, argv: Argv, options: RunOptions, stdin: 'pipe' | 'ignore'): Started {
  options.signal?.throwIfAborted();
  const process = spawn(
    findCommand('setpriv', host.name),
    ['--pdeathsig', 'KILL', '--', findCommand(argv[0], host.name), ...argv.slice(1)],
    { detached: true, cwd: '/', env: environment(host, options.env), stdio: [stdin, 'pipe', 'pipe'] },
  );
  const closed = new Promise<Readonly<{ exitCode: number; signal: string | undefined }>>((resolve, reject) => {
    process.on('error', (error) => reject(notStarted(host, argv, error)));
    process.on('close', (code, signal) => resolve(endOf(code, signal)));
  });
  const ended = untilStopped(host, argv, options, process, closed);
  // Whoever waits for `ended` is told; a reader that only looks at the output must not bring the process down.
  ended.catch(() => {});
  return { process, ended };
}

const environment = (host: Host, given: RunOptions['env']): Record<string, string> => ({
  PATH: searchPath,
  LANG: 'C.UTF-8',
  ...(host.run === undefined ? {} : { HOLDFAST_RUN: host.run }),
  ...given,
});

const endOf = (code: number | null, signal: NodeJS.Signals | null) =>
  signal === null
    ? { exitCode: code ?? 0, signal: undefined }
    : { exitCode: 128 + constants.signals[signal], signal: signal as string };

async function untilStopped<End>(
  host: Host,
  argv: Argv,
  { signal, deadline }: RunOptions,
  process: ChildProcess,
  closed: Promise<End>,
): Promise<End> {
  const over = new AbortController();
  const stops = [aborted(signal, over.signal)];
  if (deadline !== undefined) stops.push(overdue(host, argv, deadline, over.signal));
  try {
    const first = await Promise.race([closed.then((end) => ({ end })), ...stops]);
    if ('end' in first) return first.end;
    await killGroup(host.clock, process, closed);
    throw first.reason;
  } finally {
    over.abort();
  }
}

type Stop = Promise<Readonly<{ reason: unknown }>>;

const aborted = (signal: AbortSignal | undefined, over: AbortSignal): Stop =>
  new Promise((resolve) =>
    signal?.addEventListener('abort', () => resolve({ reason: signal.reason }), { once: true, signal: over }),
  );

async function overdue(host: Host, argv: Argv, deadline: Duration, over: AbortSignal): Stop {
  await host.clock.sleep(deadline, over).catch(() => new Promise<never>(() => {}));
  const reason = new Fault('command-overdue', {
    where: host.name,
    says: `${shown(argv[0])} did not end within ${formatDuration(deadline)} and was killed`,
    remedy: 'look at the disk or server it was waiting for (dmesg, ps), then run it again',
  });
  return { reason };
}

/** Ends when the command has: whoever undoes its work must not do so while it still goes on. */
async function killGroup(clock: Clock, process: ChildProcess, closed: Promise<unknown>): Promise<void> {
  if (process.pid === undefined) return;
  const gone = closed.catch(() => {});
  const over = new AbortController();
  signalGroup(process.pid, 'SIGTERM');
  await Promise.race([gone, clock.sleep(grace, over.signal).catch(() => {})]);
  over.abort();
  // The command may have ended while what it started goes on, without holding its output open.
  signalGroup(process.pid, 'SIGKILL');
  await gone;
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

export function notStarted(host: Host, argv: Argv, cause: unknown): Fault {
  return new Fault('command-not-started', {
    where: host.name,
    says: `${shown(argv[0])} could not be started: ${cause instanceof Error ? cause.message : shown(String(cause))}`,
    remedy: 'see whether the machine is short of memory or processes, or the command is damaged',
    cause,
  });
}
