// A real sshd on loopback with throw-away keys and a configuration of its own. It needs root, as sshd does to log others in.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { milliseconds } from '../values/duration.ts';
import { systemClock } from '../values/instant.ts';

export type Sshd = Readonly<{
  port: number;
  /** `ssh-ed25519 AAAA...` */
  hostKey: string;
  /** the private key that may log in */
  key: string;
  folder: string;
  log(): string;
  /** the processes of sshd that hold connections, by pid */
  sessions(): readonly number[];
  /** when nobody is connected any more: sshd notices by itself, a moment after it was left */
  left(): Promise<void>;
  stop(): Promise<void>;
}>;

export const cannotServe = (): string | false => (process.getuid?.() === 0 ? false : 'needs root, as sshd does');

export type SshdSettings = Readonly<{
  /** lines of sshd_config(5), which win over those that are written for every test */
  config?: readonly string[];
  /** lines of passwd(5) that this sshd finds in the place of the machine's own; it has a mount namespace of its own then */
  accounts?: readonly string[];
}>;

export async function startSshd({ config = [], accounts = [] }: SshdSettings = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sshd-'));
  mkdirSync('/run/sshd', { recursive: true });
  // Its users have a home of their own: what somebody's .bashrc does, or waits for, is no part of a test.
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o755 });
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  const port = await freePort();
  const log = join(folder, 'log');
  writeFileSync(
    join(folder, 'config'),
    [
      ...config,
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${join(folder, 'host')}`,
      `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
      `PidFile ${join(folder, 'pid')}`,
      `SetEnv HOME=${home}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  // Readable for the ordinary users that log in with it.
  execFileSync('chmod', ['755', folder]);
  const served = ['/usr/sbin/sshd', '-D', '-E', log, '-f', join(folder, 'config')];
  const server = spawn('unshare', [...withAccounts(folder, accounts), ...served], { stdio: 'ignore' });
  await listening(log, server);
  return {
    ...{ port, folder },
    hostKey: readFileSync(join(folder, 'host.pub'), 'utf8').trim(),
    key: readFileSync(join(folder, 'user'), 'utf8'),
    log: () => readFileSync(log, 'utf8'),
    sessions: () => sessionsOf(server.pid ?? 0),
    left: () => left(server.pid ?? 0),
    stop: async () => {
      for (const pid of [...sessionsOf(server.pid ?? 0), server.pid ?? 0]) tryKill(pid);
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Each line takes the place of the one with its name. It is the whole folder that is put in the place of the machine's own: a file
 * that is mounted over another one is gone from there as soon as that one is replaced, as useradd(8) does it in another test.
 */
function withAccounts(folder: string, accounts: readonly string[]): readonly string[] {
  if (accounts.length === 0) return ['--'];
  const own = join(folder, 'etc');
  execFileSync('cp', ['--archive', '/etc', own]);
  const nameOf = (line: string) => line.split(':')[0];
  const others = readFileSync(join(own, 'passwd'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !accounts.some((account) => nameOf(account) === nameOf(line)));
  writeFileSync(join(own, 'passwd'), `${[...accounts, ...others].join('\n')}\n`);
  return ['--mount', '--', 'sh', '-c', 'mount --bind "$0" /etc && exec "$@"', own];
}

async function listening(log: string, server: ChildProcess): Promise<void> {
  for (let tried = 0; tried < 200; tried += 1) {
    if (server.exitCode !== null) break;
    try {
      if (readFileSync(log, 'utf8').includes('Server listening')) return;
    } catch {
      // Its log is made by it.
    }
    await systemClock.sleep(milliseconds(25));
  }
  throw new Error(`sshd did not start: ${readFileSync(log, 'utf8')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** For one login there are two: the one that watches, and that of the user, to which the connection belongs. */
function sessionsOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
    .filter((child) => read(`/proc/${child}/comm`).startsWith('sshd'))
    .flatMap((child) => [child, ...sessionsOf(child)]);
}

async function left(pid: number): Promise<void> {
  for (const end = systemClock.monotonic() + 10_000; sessionsOf(pid).length > 0; ) {
    if (systemClock.monotonic() > end) throw new Error(`still connected: ${sessionsOf(pid).join(', ')}`);
    await systemClock.sleep(milliseconds(20));
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
