// A real server of Redis in a throw-away folder, under an account of its own, on a free port of loopback.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const cannotServeRedis = (): string | false =>
  process.getuid?.() !== 0 ? 'needs root' : existsSync('/usr/bin/redis-server') ? false : 'Redis is not installed';

export type RedisTestServer = Readonly<{
  port: number;
  data: string;
  /** of the user `default`, who may do everything, and of `holdfast`, who may be sent a dump */
  password: string;
  service: Readonly<{ stop: readonly string[]; start: readonly string[] }>;
  /** what redis-cli answers as `default` */
  cli(...words: readonly string[]): string;
  /** of all that it holds, in all databases */
  digest(): string;
  start(): void;
  stop(): void;
  kill(): void;
  close(): void;
}>;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A process that nobody has waited for yet has ended, too. */
const stopScript =
  'p=$(cat "$1" 2>/dev/null) || exit 0; kill "$2" "$p" 2>/dev/null || exit 0; while [ -e "/proc/$p/exe" ]; do sleep 0.05; done';

type Options = Readonly<{ settings?: readonly string[]; grants?: string; dump?: Uint8Array }>;

export async function startRedis({
  settings = [],
  grants = '+ping +sync +psync +replconf +info',
  dump,
}: Options = {}): Promise<RedisTestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'));
  const [data, config, pid] = [join(folder, 'data'), join(folder, 'redis.conf'), join(folder, 'data', 'pid')];
  const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, 'redis'], { encoding: 'utf8' })));
  const password = `it's a "pass": $(x) ${process.pid}`;
  const hash = createHash('sha256').update(password).digest('hex');
  const port = await freePort();
  mkdirSync(data, { mode: 0o750 });
  if (dump !== undefined) writeFileSync(join(data, 'dump.rdb'), dump);
  const lines = [
    ...[
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${data}`,
      'daemonize yes',
      `pidfile ${pid}`,
      `logfile ${join(data, 'log')}`,
    ],
    ...[
      `unixsocket ${join(data, 'socket')}`,
      'enable-debug-command yes',
      'rdbcompression no',
      'repl-diskless-sync-delay 0',
      'save 3600 1',
    ],
    `user default on #${hash} ~* &* +@all`,
    `user holdfast on #${hash} resetkeys resetchannels -@all ${grants}`,
    `user restorer on #${hash} resetkeys resetchannels -@all +ping +info +bgsave +lastsave`,
    ...settings,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  for (const path of [folder, data, config, ...(dump === undefined ? [] : [join(data, 'dump.rdb')])])
    chownSync(path, uid ?? 0, gid ?? 0);
  const service = {
    stop: ['sh', '-c', stopScript, 'sh', pid, '-TERM'],
    start: [
      ...[
        'sh',
        '-c',
        '[ -e "/proc/$(cat "$1" 2>/dev/null || echo none)/exe" ] || exec runuser -u redis -- redis-server "$2"',
      ],
      ...['sh', pid, config],
    ],
  } as const;
  const run = ([program, ...words]: readonly string[]) => void execFileSync(program ?? '', words, { stdio: 'ignore' });
  const cli = (...words: readonly string[]): string =>
    execFileSync('redis-cli', ['-p', String(port), ...words], {
      ...{ encoding: 'utf8', env: { ...process.env, REDISCLI_AUTH: password }, maxBuffer: 2 ** 28 },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const start = () => {
    run(service.start);
    for (let tried = 0; tried < 1000; tried += 1)
      try {
        if (cli('ping') === 'PONG') return;
      } catch {}
    throw new Error(`Redis does not answer: ${readFileSync(join(data, 'log'), 'utf8')}`);
  };
  start();
  return {
    ...{ port, data, password, service, cli, start },
    digest: () => cli('debug', 'digest'),
    stop: () => run(service.stop),
    kill: () => run([...service.stop.slice(0, -1), '-KILL']),
    close: () => {
      run([...service.stop.slice(0, -1), '-KILL']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Keys of every kind, in two databases, under names that are nobody's words. */
export function filled(server: Pick<RedisTestServer, 'cli'>, keys: number, bytes = 10): void {
  const script = `for i = 1, ARGV[1] do redis.call('set', 'key:' .. i, string.rep(tostring(i % 10), ARGV[2])) end
redis.call('hset', 'a hash', 'field "one"', 'it\\'s') redis.call('rpush', 'a\\nlist', '1', '2')
redis.call('zadd', 'näme $(x)', '1.5', 'a') redis.call('xadd', 'stream', '1-1', 'a', 'b') redis.call('set', 'for a time', 'x', 'EX', '100000')`;
  server.cli('eval', script, '0', String(keys), String(bytes));
  server.cli('-n', '3', 'set', 'other', 'database');
}
/** That it makes beside the plain ones. */
export const others = 6;
