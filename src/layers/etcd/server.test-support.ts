// A real etcd of one member in a throw-away folder, under an account of its own, on free ports of loopback.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const cannotServeEtcd = (): string | false =>
  process.getuid?.() !== 0
    ? 'needs root'
    : existsSync('/usr/bin/etcd') && existsSync('/usr/bin/etcdctl')
      ? false
      : 'etcd is not installed';

export type EtcdTestServer = Readonly<{
  url: string;
  peer: string;
  folder: string;
  data: string;
  service: Readonly<{ stop: readonly string[]; start: readonly string[] }>;
  /** what etcdctl answers, as whoever `user` is */
  ctl(...words: readonly string[]): string;
  put(keys: Readonly<Record<string, string>>): void;
  /** all keys with their values, in lines */
  all(): string;
  start(): void;
  stop(): void;
  kill(): void;
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

/** A process that nobody has waited for yet has ended, too. */
const stopScript =
  'p=$(cat "$1" 2>/dev/null) || exit 0; kill "$2" "$p" 2>/dev/null || exit 0; while [ -e "/proc/$p/exe" ]; do sleep 0.05; done';
const startScript =
  '[ ! -e "/proc/$(cat "$1" 2>/dev/null || echo none)/exe" ] || exit 0; p=$1; l=$2; shift 2; ' +
  'setsid setpriv --reuid=etcd --regid=etcd --clear-groups -- "$@" > "$l" 2>&1 < /dev/null & echo $! > "$p"';

/** A certificate that is its own authority, and is shown by both sides. */
type Certificate = Readonly<{ cert: string; key: string }>;

/** @param data of a member that is there already */
export async function startEtcd(data?: string, tls?: Certificate): Promise<EtcdTestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-etcd-'));
  const own = data ?? join(folder, 'data');
  const pid = join(folder, 'pid');
  const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, 'etcd'], { encoding: 'utf8' })));
  if (data === undefined) mkdirSync(own, { mode: 0o700 });
  for (const path of data === undefined ? [folder, own] : [folder]) chownSync(path, uid ?? 0, gid ?? 0);
  const [url, peer] = [
    `http${tls === undefined ? '' : 's'}://127.0.0.1:${await freePort()}`,
    `http://127.0.0.1:${await freePort()}`,
  ];
  const secured = tls && { '--cert-file': tls.cert, '--key-file': tls.key, '--trusted-ca-file': tls.cert };
  const words = {
    ...secured,
    ...{
      '--name': 'one',
      '--data-dir': own,
      '--initial-cluster': `one=${peer}`,
      '--initial-advertise-peer-urls': peer,
    },
    ...{ '--listen-peer-urls': peer, '--listen-client-urls': url, '--advertise-client-urls': url },
  };
  const argv = [
    '/usr/bin/etcd',
    ...Object.entries(words).map(([word, value]) => `${word}=${value}`),
    '--unsafe-no-fsync',
    ...(tls === undefined ? [] : ['--client-cert-auth']),
  ];
  const service = {
    stop: ['sh', '-c', stopScript, 'sh', pid, '-TERM'],
    start: ['sh', '-c', startScript, 'sh', pid, join(folder, 'log'), ...argv],
  } as const;
  const run = ([program, ...rest]: readonly string[]) => void execFileSync(program ?? '', rest, { stdio: 'ignore' });
  const shown = tls === undefined ? [] : [`--cacert=${tls.cert}`, `--cert=${tls.cert}`, `--key=${tls.key}`];
  const ctl = (...rest: readonly string[]): string =>
    execFileSync('etcdctl', [`--endpoints=${url}`, ...shown, ...rest], {
      ...{ encoding: 'utf8', env: { ...process.env, ETCDCTL_API: '3' }, maxBuffer: 2 ** 28 },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const start = () => {
    run(service.start);
    for (let tried = 0; tried < 100; tried += 1)
      try {
        ctl('endpoint', 'health');
        return;
      } catch {}
    throw new Error('etcd does not answer');
  };
  start();
  return {
    ...{ url, peer, folder, data: own, service, ctl, start },
    put: (keys) => {
      const ops = Object.entries(keys).map(([key, value]) => `put ${JSON.stringify(key)} ${JSON.stringify(value)}`);
      for (let at = 0; at < ops.length; at += 100)
        execFileSync('etcdctl', [`--endpoints=${url}`, 'txn'], {
          ...{ env: { ...process.env, ETCDCTL_API: '3' }, stdio: ['pipe', 'ignore', 'pipe'] },
          input: `\n${ops.slice(at, at + 100).join('\n')}\n\n\n`,
        });
    },
    all: () => ctl('get', '', '--from-key', '--write-out=fields'),
    stop: () => run(service.stop),
    kill: () => run([...service.stop.slice(0, -1), '-KILL']),
    close: () => {
      run([...service.stop.slice(0, -1), '-KILL']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
