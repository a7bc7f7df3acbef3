// A secret that a program prints. The program is one the owner of the machine allowed; it gets an environment of its own, no
// input, ten seconds, and whatever it writes to its standard error goes nowhere.
import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import type { Clock } from '../values/instant.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import { secretFault } from './faults.ts';
import { mostBytes } from './text.ts';
import { patience, within } from './within.ts';

export type CommandSettings = Readonly<{
  clock: Clock;
  user: number;
  home: string;
  /** carried in the environment, so that a recovery finds what a crash left behind */
  run: string | undefined;
}>;

type CommandReference = Extract<SecretReference, { command: readonly string[] }>;

export async function secretOfCommand(reference: CommandReference, settings: CommandSettings): Promise<Uint8Array> {
  const [program] = reference.command;
  const problem = await programProblem(program, settings.user);
  if (problem !== undefined)
    throw secretFault('secret-command-failed', reference, problem, 'put it right, or get the secret from elsewhere');
  const printed = await within(settings.clock, (signal) => output(reference.command, settings, signal));
  if (printed instanceof Uint8Array) return printed;
  const says = printed === 'late' ? `it has not ended after ${patience / 1000} s` : printed;
  throw secretFault('secret-command-failed', reference, says, `run it by hand: ${reference.command.join(' ')}`);
}

async function programProblem(program: string, user: number): Promise<string | undefined> {
  const found = await stat(program).catch(() => undefined);
  if (found === undefined) return 'there is no such program';
  if (!found.isFile() || (found.mode & 0o111) === 0) return 'it is no program';
  const isOwn = found.uid === 0 || found.uid === user;
  return isOwn && (found.mode & 0o022) === 0 ? undefined : 'others can change the program, and so what it prints';
}

/** What it printed, or, as a text, how it failed. */
function output(
  argv: readonly string[],
  { home, run }: CommandSettings,
  signal: AbortSignal,
): Promise<Uint8Array | string> {
  return new Promise((resolve) => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
      cwd: '/',
      // A group of its own: whatever it starts can be ended together with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: home,
        LANG: 'C.UTF-8',
        ...(run === undefined ? {} : { HOLDFAST_RUN: run }),
      },
    });
    const end = (): void => endGroup(child.pid);
    const chunks: Buffer[] = [];
    let length = 0;
    signal.addEventListener('abort', end, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= mostBytes) chunks.push(chunk);
      else end();
    });
    child.on('error', () => resolve('it could not be started'));
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', end);
      end();
      if (length > mostBytes) resolve(`it printed more than ${mostBytes / 1024} KiB`);
      else resolve(code === 0 ? Buffer.concat(chunks) : `it ended with ${code ?? killedBy}`);
    });
  });
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody of the group is left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
