// A real server of MariaDB in a throw-away folder, under an account of its own, on a free port of loopback.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = '/usr/sbin/mariadbd';

export const cannotServeMariadb = (): string | false =>
  process.getuid?.() !== 0 ? 'needs root' : existsSync(program) ? false : 'MariaDB is not installed';

export type MariadbServer = Readonly<{
  port: number;
  socket: string;
  /** of `admin`, who may do everything */
  password: string;
  /** what the client answers root, in lines */
  sql(text: string, database?: string): string;
  /** returns when its process has ended */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}>;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

// Nothing of it has to survive this machine.
const small = [
  ...['--innodb-buffer-pool-size=16M', '--innodb-log-file-size=8M', '--innodb-flush-log-at-trx-commit=0'],
  ...['--skip-innodb-doublewrite', '--innodb-flush-method=nosync', '--performance-schema=OFF', '--max-connections=40'],
];

/** @param more options of the server, which count before those of here */
export async function startMariadb(more: readonly string[] = []): Promise<MariadbServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mariadb-'));
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')];
  const password = `it's \\ a "pass# ${process.pid}`;
  const uid = Number(execFileSync('id', ['-u', 'mysql'], { encoding: 'utf8' }));
  chownSync(folder, uid, uid);
  const first = ['--no-defaults', '--user=mysql', `--datadir=${data}`];
  const own = ['--auth-root-socket-user=mysql', '--skip-test-db', '--skip-name-resolve'];
  execFileSync('mariadb-install-db', [...first, ...own, ...small.slice(0, 5)], { stdio: 'pipe' });
  const port = await freePort();
  let running: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const start = async (): Promise<void> => {
    const place = [`--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1', `--pid-file=${folder}/pid`];
    const others = ['--skip-name-resolve', '--event-scheduler=OFF', '--lower-case-table-names=0', '--skip-log-bin'];
    running = spawn(program, [...first, ...place, ...others, ...small, ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    ended = once(running, 'exit');
    const lines: string[] = [];
    if (running.stderr === null) throw new Error('it has no output');
    for await (const line of createInterface({ input: running.stderr })) {
      if (/ready for connections/.test(line)) return drained(running);
      lines.push(line);
    }
    throw new Error(`MariaDB did not start:\n${lines.join('\n')}`);
  };
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    if (running.killed) return void (await ended);
    running.kill(signal);
    await ended;
  };
  const sql = (text: string, database?: string): string =>
    execFileSync(
      'mariadb',
      [
        '--no-defaults',
        `--socket=${socket}`,
        '--default-character-set=utf8mb4',
        '--batch',
        '--raw',
        '--skip-column-names',
        ...(database === undefined ? [] : [`--database=${database}`]),
      ],
      { encoding: 'utf8', input: text, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 2 ** 28 },
    ).trim();
  await start();
  sql(
    `CREATE USER admin@'%' IDENTIFIED BY '${password.replace(/[\\']/g, '\\$&')}'; GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;`,
  );
  return {
    ...{ port, socket, password, sql, stop, start },
    close: async () => {
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What nobody reads would stop it at some time. */
const drained = ({ stderr }: ChildProcess): void => void stderr?.resume();
