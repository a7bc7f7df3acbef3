// A Vault with raft, as far as taking and restoring snapshots goes; there is no Vault in Debian. It is strict where a real one is:
// tokens with policies, 403 in the words of Vault, `sealed`, a standby that answers the snapshot paths with 307, snapshots of the real
// format whose state and whose SHA256SUMS.sealed only the right unseal key opens, a restore that says yes before it takes anything in,
// that takes tokens and policies back with it, and that seals the server where the key is another.
//
// What it is not: its state.bin is JSON behind AES-GCM, and no bolt database; one unseal key, no shares, no auto-unseal; a cluster
// agrees by being one object, so no election takes time; no namespaces, no performance replication, no TLS between nodes, no audit
// log, no limits of requests; policies know a path as it is written, without globs; of other secrets there is the data it is given.
import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { archiveOf, digestIn, filesOf } from './archive.test-support.ts';
import { secretsIn, unsealed } from './stand-in-secrets.test-support.ts';

type Token = Readonly<{ policies: readonly string[]; ttl: number }>;
type Policy = Readonly<Record<string, readonly string[]>>;

/** What a snapshot holds. */
export type Contents = Readonly<{
  id: string;
  name: string;
  data: Readonly<Record<string, string>>;
  tokens: Readonly<Record<string, Token>>;
  policies: Readonly<Record<string, Policy>>;
  cubbyholes: Readonly<Record<string, string>>;
}>;

const defaults: Policy = {
  'sys/capabilities-self': ['update'],
  'auth/token/lookup-self': ['read'],
  'cubbyhole/*': ['create', 'read', 'update', 'delete'],
};
export const snapshotPolicy: Policy = { 'sys/storage/raft/snapshot': ['read'] };
const restorePolicy: Policy = {
  'sys/storage/raft/snapshot': ['read', 'update'],
  'sys/storage/raft/snapshot-force': ['update'],
};

const keyOf = (unsealKey: string): Buffer => createHash('sha256').update(unsealKey).digest();

function locked(plain: Buffer, unsealKey: string): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(unsealKey), iv);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

function unlocked(box: Buffer, unsealKey: string): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(unsealKey), box.subarray(0, 12));
  decipher.setAuthTag(box.subarray(12, 28));
  try {
    return Buffer.concat([decipher.update(box.subarray(28)), decipher.final()]);
  } catch {
    return undefined;
  }
}

export class Cluster {
  unsealKey: string;
  sealed = false;
  initialized = true;
  storage = 'raft';
  version = '1.15.2';
  index = 40;
  contents: Contents;
  /** random bytes beside its contents, so that a snapshot is more than a piece */
  bulk = 300_000;
  /** what a snapshot becomes on its way */
  spoils: (snapshot: Buffer) => Buffer = (snapshot) => snapshot;
  /** the connection breaks after so many bytes of it */
  cutAfter: number | undefined;
  /** what a restore waits for before it takes anything in */
  takesIn: Promise<void> = Promise.resolve();
  #pending: Buffer | undefined;
  #taking: Promise<void> = Promise.resolve();

  constructor(unsealKey: string, data: Readonly<Record<string, string>>) {
    this.unsealKey = unsealKey;
    const policies = { default: defaults, backup: snapshotPolicy, restore: restorePolicy };
    const tokens = {
      'hvs.backup-token': { policies: ['default', 'backup'], ttl: 900 },
      'hvs.restore-token': { policies: ['default', 'restore'], ttl: 900 },
      'hvs.root-token': { policies: ['root'], ttl: 0 },
    };
    this.contents = { id: randomUUID(), name: `vault-cluster-${unsealKey}`, data, tokens, policies, cubbyholes: {} };
  }

  get settled(): Promise<void> {
    return this.#taking;
  }

  put(name: string, value: string): void {
    this.contents = { ...this.contents, data: { ...this.contents.data, [name]: value } };
    this.index += 1;
  }

  remove(name: string): void {
    const { [name]: _, ...data } = this.contents.data;
    this.contents = { ...this.contents, data };
    this.index += 1;
  }

  grant(token: string, policies: Readonly<Record<string, Policy>>, ttl = 900): void {
    const { contents } = this;
    const tokens = { ...contents.tokens, [token]: { policies: Object.keys(policies), ttl } };
    this.contents = { ...contents, tokens, policies: { ...contents.policies, ...policies } };
  }

  cubbyhole(path: string, value: string): void {
    this.contents = { ...this.contents, cubbyholes: { ...this.contents.cubbyholes, [path]: value } };
  }

  may(token: string, path: string): readonly string[] {
    const policies: readonly string[] = this.contents.tokens[token]?.policies ?? [];
    if (policies.includes('root')) return ['root'];
    const found = policies.flatMap((name) => {
      const policy = this.contents.policies[name] ?? {};
      return policy[path] ?? policy[`${path.split('/')[0]}/*`] ?? [];
    });
    return found.length === 0 ? ['deny'] : found;
  }

  snapshot(): Buffer {
    const text = JSON.stringify({ ...this.contents, bulk: randomBytes(this.bulk).toString('base64') });
    const state = locked(Buffer.from(text), this.unsealKey);
    return archiveOf(filesOf({ index: this.index, term: 3, state, seal: (sums) => locked(sums, this.unsealKey) }));
  }

  /** @returns what it refuses it for; what it takes it takes in later */
  restore(snapshot: Buffer, force: boolean): string | undefined {
    const files = filesIn(snapshot);
    const [meta, state, sums, sealed] = ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed'].map((name) =>
      files.get(name),
    );
    if (meta === undefined || state === undefined || sums === undefined) return 'failed to read snapshot';
    const expected = `${digestIn(meta)}  meta.json\n${digestIn(state)}  state.bin\n`;
    if (sums.toString() !== expected) return 'hash check failed';
    if (!force && (sealed === undefined || unlocked(sealed, this.unsealKey)?.toString() !== expected))
      return 'could not verify hash file, possibly the snapshot is using a different set of unseal keys; use the snapshot-force API to bypass this check';
    this.#taking = this.takesIn.then(() => {
      const { Index } = JSON.parse(meta.toString()) as { Index: number };
      this.index = Math.max(this.index, Index) + 1;
      this.#pending = state;
      this.sealed = true;
      this.unseal(this.unsealKey);
    });
    return undefined;
  }

  /** @returns whether it was the right key */
  unseal(key: string): boolean {
    const plain = this.#pending === undefined ? undefined : unlocked(this.#pending, key);
    if (this.#pending === undefined ? key !== this.unsealKey : plain === undefined) return false;
    if (plain !== undefined) {
      const { bulk: _, ...contents } = JSON.parse(plain.toString()) as Contents & { bulk: string };
      this.contents = contents;
      this.unsealKey = key;
      this.#pending = undefined;
    }
    this.sealed = false;
    return true;
  }
}

function filesIn(snapshot: Buffer): ReadonlyMap<string, Buffer> {
  const tar = gunzipSync(snapshot);
  const files = new Map<string, Buffer>();
  for (let at = 0; tar[at] !== 0; ) {
    const name = tar.toString('latin1', at, at + 100).replace(/\0.*/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    files.set(name, tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

export type StandIn = Readonly<{
  url: string;
  fingerprint: string | undefined;
  /** every token that reached it */
  seen: ReadonlySet<string>;
  close(): Promise<void>;
}>;

export type Standing = {
  cluster: Cluster;
  /** as of one that was there before; any that is free otherwise */
  port?: number;
  tls?: boolean;
  /** the address of the one that leads, where it is not this one */
  leader?: () => string | undefined;
  /** asked for a snapshot, it names another one, though it has just said that it leads itself */
  resigned?: () => string | undefined;
};

export async function startVault(standing: Standing): Promise<StandIn> {
  const seen = new Set<string>();
  let own = '';
  const listener: RequestListener = (request, response) => {
    const token = request.headers['x-vault-token'];
    if (typeof token === 'string') seen.add(token);
    void answer(standing, own, request, response).catch(() => response.destroy());
  };
  const made = standing.tls === true ? certificate() : undefined;
  const server = made === undefined ? createServer(listener) : createTlsServer(made, listener);
  server.listen(standing.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  own = `http${made === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: own,
    fingerprint: made?.fingerprint,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-vault-tls-'));
  const own = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const files = ['-keyout', 'key', '-out', 'cert', '-subj', '/CN=vault'];
  execFileSync('openssl', ['req', ...own, ...files], { cwd: folder, stdio: 'ignore' });
  const [key = Buffer.of(), cert = Buffer.of()] = ['key', 'cert'].map((name) => readFileSync(join(folder, name)));
  rmSync(folder, { recursive: true });
  return { key, cert, fingerprint: new X509Certificate(cert).fingerprint256 };
}

const told = (response: ServerResponse, status: number, value?: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(value === undefined ? undefined : JSON.stringify(value));
};
const refused = (response: ServerResponse, status: number, ...errors: string[]): void =>
  told(response, status, { errors });

async function answer(
  { cluster, leader, resigned }: Standing,
  own: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const path = (request.url ?? '').replace(/^\/v1\//, '');
  const leads = leader?.();
  const { contents, version, sealed, initialized } = cluster;
  const named = sealed ? {} : { cluster_name: contents.name, cluster_id: contents.id };
  if (path === 'sys/health') {
    const status = !initialized ? 501 : sealed ? 503 : leads === undefined ? 200 : 429;
    return told(response, status, { initialized, sealed, standby: sealed || leads !== undefined, version, ...named });
  }
  if (path === 'sys/seal-status')
    return told(response, 200, {
      type: 'shamir',
      initialized,
      sealed,
      t: 1,
      n: 1,
      version,
      storage_type: cluster.storage,
      ...named,
    });
  if (path === 'sys/unseal') {
    const { status, value } = unsealed(cluster, await bodyOf(request));
    return told(response, status, value);
  }
  if (sealed) return refused(response, 503, 'Vault is sealed');
  if (path === 'sys/leader')
    return told(response, 200, { ha_enabled: true, is_self: leads === undefined, leader_address: leads ?? own });
  const body = await bodyOf(request);
  const elsewhere = leads ?? resigned?.();
  if (elsewhere !== undefined && path.startsWith('sys/storage/raft/snapshot')) {
    response.writeHead(307, { location: `${elsewhere}${request.url}` });
    return response.end();
  }
  const token = String(request.headers['x-vault-token'] ?? '');
  // As of 1.15: the same words for a token that is none, and for one that may not.
  const may = cluster.contents.tokens[token] === undefined ? ['deny'] : cluster.may(token, path);
  const wanted = request.method === 'GET' ? 'read' : 'update';
  if (!may.includes(wanted) && !may.includes('root'))
    return refused(
      response,
      403,
      ...(cluster.contents.tokens[token] === undefined
        ? ['permission denied']
        : ['1 error occurred:\n\t* permission denied\n\n']),
    );
  return allowed(cluster, token, path, request.method ?? 'GET', body, response);
}

async function allowed(
  cluster: Cluster,
  token: string,
  path: string,
  method: string,
  body: Buffer,
  response: ServerResponse,
) {
  const reads = method === 'GET';
  const other = secretsIn(cluster, path, method, body);
  if (other !== undefined) return told(response, other.status, other.value);
  if (path === 'auth/token/lookup-self') return told(response, 200, { data: cluster.contents.tokens[token] });
  if (path === 'sys/capabilities-self') {
    const { paths } = JSON.parse(body.toString()) as { paths: readonly string[] };
    return told(response, 200, Object.fromEntries(paths.map((one) => [one, cluster.may(token, one)])));
  }
  if (path.startsWith('cubbyhole/')) {
    const key = `${token}/${path}`;
    if (!reads) cluster.cubbyhole(key, body.toString());
    const held = cluster.contents.cubbyholes[key];
    return reads
      ? held === undefined
        ? told(response, 404, { errors: [] })
        : told(response, 200, { data: JSON.parse(held) })
      : told(response, 204);
  }
  if (cluster.storage !== 'raft') return refused(response, 400, 'raft storage is not in use');
  if (!reads) {
    const problem = cluster.restore(body, path.endsWith('-force'));
    return problem === undefined ? told(response, 204) : refused(response, 400, problem);
  }
  const snapshot = cluster.spoils(cluster.snapshot());
  response.writeHead(200, { 'content-type': 'application/gzip' });
  for (let at = 0; at < snapshot.length; at += 65_536) {
    if (cluster.cutAfter !== undefined && at >= cluster.cutAfter) return response.destroy();
    if (!response.write(snapshot.subarray(at, at + 65_536))) await once(response, 'drain');
  }
  return response.end();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
