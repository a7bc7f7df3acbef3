// Starting this very program again as a worker. The kernel kills it when its supervisor dies (PR_SET_PDEATHSIG, through
// setpriv of util-linux), and it has a session of its own, so that a Ctrl-C on the terminal reaches only the supervisor.
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { findCommand } from './search-path.ts';

export type OwnProcess = Readonly<{
  pid: number;
  input: Writable;
  output: Readable;
  errors: Readable;
  /** the exit code, or the name of the signal that ended it */
  ended: Promise<number | string>;
  kill(): void;
}>;

export type Program = Readonly<{
  /** how this process itself was started: node, its options, the script */
  argv: readonly [string, ...string[]];
  env: Readonly<Record<string, string | undefined>>;
}>;

export function startOwnProcess(program: Program, word: string, run: string): OwnProcess {
  const child = spawn(findCommand('setpriv', 'this machine'), ['--pdeathsig', 'KILL', '--', ...program.argv, word], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...program.env, HOLDFAST_RUN: run },
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  // A worker that is gone no longer reads; its end is told by `ended`, not by a broken pipe.
  child.stdin.on('error', () => {});
  return {
    pid: child.pid ?? 0,
    input: child.stdin,
    output: child.stdout,
    errors: child.stderr,
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}
