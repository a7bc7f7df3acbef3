// A real server of PostgreSQL in a throw-away folder, under an account of its own, on a free port of loopback.
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort() : [];
const programs = `/usr/lib/postgresql/${versions.at(-1)}/bin`;

export const cannotServePostgres = (): string | false =>
  process.getuid?.() !== 0 ? 'needs root' : existsSync(`${programs}/initdb`) ? false : 'PostgreSQL is not installed';

export type PostgresServer = Readonly<{
  port: number;
  /** of its socket */
  sockets: string;
  /** of the superuser */
  password: string;
  /** what psql answers as the superuser, in lines */
  psql(database: string, sql: string): string;
  stop(mode?: 'fast' | 'immediate'): void;
  start(): void;
  close(): void;
}>;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const asPostgres = (argv: readonly string[], input?: string): string =>
  execFileSync('runuser', ['-u', 'postgres', '--', ...argv], {
    ...{ cwd: '/', encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 2 ** 28 },
    ...(input === undefined ? {} : { input }),
  });

export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'));
  const [data, sockets, passwordFile] = [join(folder, 'data'), join(folder, 'sockets'), join(folder, 'password')];
  const password = `it's \\ a:pass ${process.pid}`;
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
  mkdirSync(sockets);
  writeFileSync(passwordFile, `${password}\n`);
  for (const path of [folder, sockets, passwordFile]) chownSync(path, uid, uid);
  const initdb = ['--auth-local=peer', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'];
  asPostgres([`${programs}/initdb`, '--pgdata', data, '--encoding=UTF8', '--locale=C.UTF-8', ...initdb]);
  const port = await freePort();
  // Nothing of it has to survive this machine.
  const settings = `-p ${port} -k ${sockets} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=32MB -c max_connections=40`;
  const start = (): void =>
    void asPostgres([
      `${programs}/pg_ctl`,
      '-D',
      data,
      '-w',
      '-s',
      '-l',
      join(sockets, 'log'),
      '-o',
      settings,
      'start',
    ]);
  const stop = (mode: 'fast' | 'immediate' = 'fast'): void =>
    void spawnSync('runuser', [
      '-u',
      'postgres',
      '--',
      `${programs}/pg_ctl`,
      '-D',
      data,
      '-w',
      '-s',
      '-m',
      mode,
      'stop',
    ]);
  start();
  return {
    ...{ port, sockets, password, stop, start },
    psql: (database, sql) =>
      asPostgres(
        [
          `${programs}/psql`,
          '-X',
          '-q',
          '-A',
          '-t',
          '-v',
          'ON_ERROR_STOP=1',
          '-h',
          sockets,
          '-p',
          String(port),
          '-d',
          database,
        ],
        sql,
      ).trim(),
    close: () => {
      stop('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
