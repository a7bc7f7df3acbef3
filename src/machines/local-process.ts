// One command on this machine: started so that it dies with its worker, in a process group of its own, killed as a group.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Fault } from '../fault.ts';
import type { Clock } from '../values/instant.ts';
import { shown } from '../values/text.ts';
import type { Begin, End, Stdin } from './commands.ts';
import { errnoOf } from './local-faults.ts';
import type { Argv, RunOptions } from './machine.ts';
import { findCommand, searchPath } from './search-path.ts';
import { commandStays, grace, lastWait, untilStopped, within } from './stopping.ts';

export type Host = Readonly<{
  name: string;
  run?: string | undefined;
  clock: Clock;
  /** where its commands are looked for; the system's own folders without */
  commandsIn?: readonly string[] | undefined;
}>;

/**
 * PR_SET_PDEATHSIG acts when the *thread* that forked ends (prctl(2)), so commands are started from the main thread only.
 * It reaches the command itself, not what that starts in turn: those are found by HOLDFAST_RUN (leftovers.ts).
 */
export const beginsOn =
  (host: Host): Begin =>
  async (argv, options, stdin) => {
    options.signal?.throwIfAborted();
    const process = started(host, argv, options, stdin);
    // Nobody listens yet who could be told of a pipe that breaks.
    process.stdin?.on('error', () => {});
    const closed = new Promise<End>((resolve, reject) => {
      process.on('error', (error) => reject(notStarted(host, argv, error.message)));
      process.on('close', (code, signal) => resolve(endOf(code, signal)));
    });
    const ended = untilStopped(host, argv, options, closed, () => killGroup(host, argv, process, closed));
    ended.catch(() => {});
    return {
      input: process.stdin,
      output: process.stdout ?? neverPiped(),
      errors: process.stderr ?? neverPiped(),
      ended,
    };
  };

const started = (host: Host, argv: Argv, options: RunOptions, stdin: Stdin): ChildProcess =>
  spawn(
    findCommand('setpriv', host.name),
    ['--pdeathsig', 'KILL', '--', findCommand(argv[0], host.name, host.commandsIn), ...argv.slice(1)],
    { detached: true, cwd: '/', env: environment(host, options.env), stdio: [stdin, 'pipe', 'pipe'] },
  );

function neverPiped(): never {
  throw new Error('a command was started without a pipe that it should have');
}

const environment = (host: Host, given: RunOptions['env']): Record<string, string> => ({
  PATH: host.commandsIn?.join(':') ?? searchPath,
  LANG: 'C.UTF-8',
  ...(host.run === undefined ? {} : { HOLDFAST_RUN: host.run }),
  ...given,
});

const endOf = (code: number | null, signal: NodeJS.Signals | null): End =>
  signal === null
    ? { exitCode: code ?? 0, signal: undefined }
    : { exitCode: 128 + constants.signals[signal], signal: signal as string };

async function killGroup(host: Host, argv: Argv, process: ChildProcess, closed: Promise<unknown>): Promise<void> {
  if (process.pid === undefined) return;
  signalGroup(process.pid, 'SIGTERM');
  await within(host.clock, grace, closed);
  // The command may have ended while what it started goes on, without holding its output open.
  signalGroup(process.pid, 'SIGKILL');
  if (!(await within(host.clock, lastWait, closed))) throw commandStays(host.name, `${argv[0]} (${process.pid})`);
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

export const notStarted = (host: Host, argv: Argv, says: string): Fault =>
  new Fault('command-not-started', {
    where: host.name,
    says: `${shown(argv[0])} could not be started: ${says}`,
    remedy: 'see whether the machine is short of memory or processes, or the command is damaged',
  });
