// Keys of a real etcd of every kind, what etcdctl says of all of them, and a cluster of three members.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EtcdTestServer } from '../../src/layers/etcd/server.test-support.ts';
import { freePort } from '../../src/layers/redis/server.test-support.ts';
import { until } from '../../test/e2e/estate.test-support.ts';
import { type StorePlace, storePlace } from './stores.ts';

type Client = Pick<EtcdTestServer, 'ctl' | 'put'>;

/** Names and values that are nobody's words, one with several revisions, one that is gone, one for a time. */
export function fillEtcd(server: Client, keys = 300): void {
  server.put(Object.fromEntries(Array.from({ length: keys }, (_, at) => [`/registry/secrets/${at}`, `value ${at}`])));
  server.ctl('put', `it's "odd"\n\\ näme; $(x)`, 'line one\nline two\ttab "quoted" \\ ünïcode');
  server.ctl('put', 'of bytes \u0001\u007f', '\u0001\u0002\u00ff\ufffe');
  server.ctl('put', 'empty', '');
  for (const word of ['one', 'two', 'three']) server.ctl('put', 'of many revisions', word);
  server.ctl('del', '/registry/secrets/7');
  const [, lease = ''] = /lease (\w+) granted/.exec(server.ctl('lease', 'grant', '100000')) ?? [];
  server.ctl('put', `--lease=${lease}`, 'for a time', 'x');
}

export const asked = 'etcdctl get --prefix "" -w json (keys, values, revisions, versions, leases); lease list';

/** All keys with everything that belongs to them, the revision of the store, its leases (after a start in any order); not who answered. */
export function etcdPicture({ ctl }: Pick<Client, 'ctl'>, ...login: readonly string[]): string {
  const text = ctl(...login, 'get', '--prefix', '', '-w', 'json');
  const [, revision] = /"revision":(\d+)/.exec(text) ?? [];
  const keys = text.includes('"kvs"') ? text.slice(text.indexOf('"kvs"')) : 'no keys';
  return `${revision} ${keys} ${ctl(...login, 'lease', 'list')
    .split('\n')
    .sort()
    .join('\n')}`;
}

export const keysIn = ({ ctl }: Pick<Client, 'ctl'>, ...login: readonly string[]): number =>
  (JSON.parse(ctl(...login, 'get', '--prefix', '', '--keys-only', '-w', 'json')).kvs ?? []).length;

export function wreckEtcd(server: Client): void {
  server.ctl('del', '', '--from-key');
  server.ctl('put', 'bad', 'news');
}

export const etcdPlace = (
  server: EtcdTestServer,
  layer: Readonly<Record<string, unknown>> = {},
  secrets: Readonly<Record<string, string>> = {},
): StorePlace =>
  storePlace(
    'etcd',
    {
      ...{ server: { url: server.url }, service: server.service, data: server.data },
      ...{ staging: 'FOLDER/staging', owner: 'etcd', ...layer },
    },
    secrets,
  );

export type Member = Readonly<{ name: string; url: string; peer: string; data: string }>;

export type EtcdCluster = Readonly<{
  members: readonly Member[];
  /** every member, as NAME=URL,NAME=URL */
  initial: string;
  /** whoever answers of those that are given */
  ctl(...words: readonly string[]): string;
  start(): Promise<void>;
  kill(...names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}>;

/** @param folder with the data of each, by its name; without one all are new */
export async function etcdCluster(folder = mkdtempSync(join(tmpdir(), 'holdfast-etcds-'))): Promise<EtcdCluster> {
  const members: Member[] = [];
  for (const name of ['one', 'two', 'three']) {
    const [url, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
    members.push({ name, url, peer, data: join(folder, name) });
  }
  mkdirSync(folder, { recursive: true });
  const initial = members.map(({ name, peer }) => `${name}=${peer}`).join();
  const running = new Map<string, ChildProcess>();
  const ctl = (...words: readonly string[]): string =>
    execFileSync('etcdctl', [`--endpoints=${members.map(({ url }) => url).join()}`, ...words], {
      ...{ encoding: 'utf8', env: { ...process.env, ETCDCTL_API: '3' }, stdio: ['ignore', 'pipe', 'pipe'] },
    }).trim();
  const healthy = (): boolean => {
    try {
      ctl('endpoint', 'health');
      return true;
    } catch {
      return false;
    }
  };
  const kill = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const child = running.get(name);
      running.delete(name);
      if (child === undefined) continue;
      const over = once(child, 'exit');
      child.kill('SIGKILL');
      await over;
    }
  };
  return {
    ...{ members, initial, ctl, kill },
    start: async () => {
      for (const { name, url, peer, data } of members) {
        const words = [
          ...['--name', name, '--data-dir', data, '--initial-cluster', initial, '--initial-advertise-peer-urls', peer],
          ...['--listen-peer-urls', peer, '--listen-client-urls', url, '--advertise-client-urls', url],
        ];
        running.set(name, spawn('/usr/bin/etcd', [...words, '--unsafe-no-fsync'], { stdio: 'ignore' }));
      }
      await until('a cluster of three', healthy);
    },
    close: async () => {
      await kill(...members.map(({ name }) => name));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
