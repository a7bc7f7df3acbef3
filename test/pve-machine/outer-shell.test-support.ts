// How a test looks at the machine from outside of what it tests: a shell over one bare SSH connection of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export type SshFacts = Readonly<{
  host: '127.0.0.1';
  port: number;
  user: 'root';
  keyFile: string;
  /** `ssh-ed25519 AAAA...` */
  hostKey: string;
}>;

export type Said = Readonly<{ exitCode: number; stdout: string; stderr: string }>;

export interface OuterShell {
  sh(script: string, stdin?: string | Uint8Array): Promise<Said>;
  close(): Promise<void>;
}

const patience = 120_000;

export function outerShell(ssh: SshFacts, folder: string): OuterShell {
  const control = `${folder}/outer`;
  const there = `${ssh.user}@${ssh.host}`;
  let master: ChildProcess | undefined;
  const isUp = () => master?.exitCode === null && master.signalCode === null && existsSync(control);

  const connect = async () => {
    for (const until = Date.now() + patience; !isUp(); ) {
      if (Date.now() > until) throw new Error('the machine takes no SSH connection');
      if (master === undefined || master.exitCode !== null || master.signalCode !== null) {
        // One that was killed leaves its socket behind, which is nobody's.
        rmSync(control, { force: true });
        const options = ['-F', 'none', '-M', '-N', '-S', control, '-p', String(ssh.port), '-i', ssh.keyFile];
        const settings = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=QUIET']
          .concat('ConnectTimeout=30', 'ServerAliveInterval=15', 'ServerAliveCountMax=20', 'IdentitiesOnly=yes')
          .flatMap((setting) => ['-o', setting]);
        master = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'ssh', ...options, ...settings, there], {
          stdio: 'ignore',
        });
      }
      await pause(50);
    }
  };

  return {
    sh: async (script, stdin) => {
      await connect();
      const child = spawn('ssh', ['-F', 'none', '-S', control, '-o', 'ControlMaster=no', '-T', there, script], {
        stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      const said = { stdout: '', stderr: '' };
      child.stdout?.setEncoding('utf8').on('data', (chunk) => (said.stdout += chunk));
      child.stderr?.setEncoding('utf8').on('data', (chunk) => (said.stderr += chunk));
      child.stdin?.on('error', () => {});
      child.stdin?.end(stdin);
      const [code, signal] = await once(child, 'close');
      if (code === null) throw new Error(`the shell of the test was ended by ${signal}`);
      return { exitCode: code as number, ...said };
    },
    close: async () => {
      if (master === undefined || master.exitCode !== null || master.signalCode !== null) return;
      const gone = once(master, 'close');
      master.kill('SIGKILL');
      await gone;
      master = undefined;
    },
  };
}
