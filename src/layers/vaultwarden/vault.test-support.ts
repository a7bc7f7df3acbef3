// A Vaultwarden as it leaves its data folder, and the layer at work on it, in a temp folder that is gone after. Tables are those of its
// migrations; `start` begins a program that holds the database open in WAL mode and goes on writing, as Vaultwarden does.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { Machine } from '../../machines/machine.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { milliseconds } from '../../values/duration.ts';
import { type Clock, instantAt, systemClock } from '../../values/instant.ts';
import { Secret } from '../../values/secret.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { unlessSqlite } from '../common/sqlite/databases.test-support.ts';
import { vaultwarden } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore-plan.ts';
import { type VaultwardenEntry, vaultwardenEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';

export const unlessAble: false | string =
  unlessSqlite || (process.getuid?.() === 0 ? false : 'it needs root: owners are kept');

/** A network id that Vaultwarden's own account would have. */
export const account = { uid: 4711, gid: 4712 } as const;

/** Of what lies in a data folder, what no point has, or has as another file. */
export const beside = ['db.sqlite3', 'db.sqlite3-wal', 'db.sqlite3-shm', 'icon_cache', 'tmp', 'vaultwarden.log'];

/** What its look said of its database, as the journal has it. */
export const verdictOf = ({ found }: Pick<Outcome, 'found'>) => found['look']?.databases;

const tables = `
CREATE TABLE users (uuid TEXT NOT NULL PRIMARY KEY, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, password_hash BLOB NOT NULL);
CREATE TABLE organizations (uuid TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, billing_email TEXT NOT NULL);
CREATE TABLE ciphers (uuid TEXT NOT NULL PRIMARY KEY, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, user_uuid TEXT REFERENCES users (uuid), organization_uuid TEXT REFERENCES organizations (uuid), atype INTEGER NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL);
CREATE TABLE attachments (id TEXT NOT NULL PRIMARY KEY, cipher_uuid TEXT NOT NULL REFERENCES ciphers (uuid), file_name TEXT NOT NULL, file_size INTEGER NOT NULL, akey TEXT);
CREATE TABLE sends (uuid TEXT NOT NULL PRIMARY KEY, user_uuid TEXT REFERENCES users (uuid), name TEXT NOT NULL, atype INTEGER NOT NULL, data TEXT NOT NULL, akey TEXT NOT NULL);
CREATE TABLE devices (uuid TEXT NOT NULL PRIMARY KEY, updated_at DATETIME NOT NULL, user_uuid TEXT NOT NULL);`;

/** Puts a cipher in, with a file that it has as an attachment: the file first, as an upload does. */
const program = `
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
const [data, pidFile] = process.argv.slice(2);
const open = new DatabaseSync(data + '/db.sqlite3');
open.exec('PRAGMA journal_mode=WAL; PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint=50');
const user = open.prepare('SELECT uuid FROM users').get();
if (user === undefined) process.exit(9);
const cipher = open.prepare("INSERT INTO ciphers VALUES (?, 'now', 'now', ?, NULL, 1, 'n', ?)");
const attachment = open.prepare("INSERT INTO attachments VALUES (?, ?, 'f', ?, 'k')");
mkdirSync(data + '/tmp', { recursive: true });
let at = 0;
const work = () => {
  const [uuid, id] = [crypto.randomUUID(), crypto.randomUUID().slice(0, 18)];
  cipher.run(uuid, user.uuid, 'x'.repeat(500));
  if (at++ % 5 === 0) {
    mkdirSync(data + '/attachments/' + uuid, { recursive: true });
    writeFileSync(data + '/tmp/' + id, 'upload ' + id);
    renameSync(data + '/tmp/' + id, data + '/attachments/' + uuid + '/' + id);
    attachment.run(id, uuid, Buffer.byteLength('upload ' + id));
  }
};
work();
writeFileSync(pidFile + '.part', String(process.pid));
renameSync(pidFile + '.part', pidFile);
setInterval(work, 20);
`;

export type Vault = Readonly<{
  folder: string;
  data: string;
  copies: string;
  back: string;
  entry: VaultwardenEntry;
  world: World;
  /** what `service` of an entry says to have the application stopped and started */
  service: Readonly<{ stop: readonly string[]; start: readonly string[] }>;
  start(): void;
  stop(): void;
  runs(): boolean;
  open(): DatabaseSync;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  plan(point: RestorePoint, wish?: Partial<RestoreWish>): Promise<Planned>;
  restore(run: string, point: RestorePoint, wish?: Partial<RestoreWish>, more?: Partial<Driven>): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  newest(): Promise<RestorePoint>;
  at(time: string): void;
  /** unfinished folders, and work folders; nothing where nothing is left */
  left(): readonly string[];
  close(): void;
}>;

export const ask = (path: string, sql: string): string =>
  execFileSync('sqlite3', ['-batch', '-init', '/dev/null', path, sql], { encoding: 'utf8' }).trim();

function fillData(data: string, { users = 2, ciphers = 30 } = {}): void {
  for (const made of ['attachments', 'sends', 'icon_cache', 'tmp']) mkdirSync(join(data, made));
  const open = new DatabaseSync(join(data, 'db.sqlite3'));
  open.exec(`PRAGMA journal_mode=WAL; ${tables}`);
  for (let user = 0; user < users; user += 1)
    open.prepare("INSERT INTO users VALUES (?, 'then', 'then', ?, 'N', x'00')").run(`user-${user}`, `u${user}@home`);
  open.exec("INSERT INTO organizations VALUES ('org-1', 'family', 'f@home')");
  for (let at = 0; at < ciphers; at += 1)
    open
      .prepare("INSERT INTO ciphers VALUES (?, 'then', 'then', 'user-0', NULL, 1, ?, ?)")
      .run(`cipher-${at}`, `it's "no" ${at}`, 'secret '.repeat(50));
  for (let at = 0; at < Math.min(6, ciphers); at += 1) attach(open, data, at);
  open.exec(
    `INSERT INTO sends VALUES ('send-1', 'user-0', 'a file', 1, '{"id":"file1","fileName":"x","size":4}', 'k')`,
  );
  open.exec(`INSERT INTO sends VALUES ('send-2', 'user-0', 'a text', 0, '{"text":"t"}', 'k')`);
  mkdirSync(join(data, 'sends', 'send-1'));
  writeFileSync(join(data, 'sends', 'send-1', 'file1'), 'sent');
  open.close();
  writeFileSync(join(data, 'rsa_key.pem'), 'PRIVATE KEY');
  writeFileSync(join(data, 'rsa_key.pub.pem'), 'PUBLIC KEY');
  writeFileSync(join(data, 'config.json'), '{"domain":"https://vault.home"}');
  writeFileSync(join(data, 'icon_cache', 'example.png'), 'icon');
  writeFileSync(join(data, 'vaultwarden.log'), 'a log');
  execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, data]);
  execFileSync('chmod', ['0600', join(data, 'rsa_key.pem')]);
}

export function attach(open: DatabaseSync, data: string, at: number): void {
  const content = `attachment ${at} `.repeat(40);
  mkdirSync(join(data, 'attachments', `cipher-${at}`), { recursive: true });
  writeFileSync(join(data, 'attachments', `cipher-${at}`, `att-${at}`), content);
  open.prepare("INSERT INTO attachments VALUES (?, ?, 'n', ?, 'k')").run(`att-${at}`, `cipher-${at}`, content.length);
}

export function vaultWith(
  more: Record<string, unknown> = {},
  over: (machine: Machine) => Machine = (one) => one,
): Vault {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-vw-'));
  const at = (name: string) => join(folder, name);
  const [data, copies, back, taken, pid] = [at('data'), at('copies'), at('back'), at('taken'), at('pid')];
  for (const made of [data, taken]) mkdirSync(made);
  writeFileSync(at('app.mjs'), program);
  fillData(data);
  const quoted = (text: string) => `'${text}'`;
  const begin = [process.execPath, '--disable-warning=ExperimentalWarning', at('app.mjs'), data, pid]
    .map(quoted)
    .join(' ');
  const owner = `$(stat -c %u '${data}')`;
  const as = `setpriv --reuid=${owner} --regid=$(stat -c %g '${data}') --clear-groups --`;
  const startScript = `[ ! -e '${pid}' ] || exit 0; : >'${pid}.part'; chown ${owner} '${folder}' '${pid}.part'
${as} ${begin} >'${at('app.log')}' 2>&1 </dev/null & app=$!
while [ ! -e '${pid}' ]; do kill -0 $app 2>/dev/null || { cat '${at('app.log')}' >&2; exit 7; }; sleep 0.02; done`;
  const stopScript = `[ -e '${pid}' ] || exit 0; kill $(cat '${pid}'); while kill -0 $(cat '${pid}') 2>/dev/null; do sleep 0.02; done; rm -f '${pid}'`;
  const service = { stop: ['sh', '-c', stopScript], start: ['sh', '-c', startScript] };
  const entry = vaultwardenEntry.parse({
    ...{ name: 'vault', kind: 'vaultwarden', machine: 'here', workload: 'vault', data, to: copies },
    ...{ staging: at('taken'), keep: { keep_last: 3 }, service, ...more },
  });
  let now = systemClock.now;
  // Waiting is asking often: nobody here takes seconds for what he does.
  const sleep: Clock['sleep'] = (duration, signal) => systemClock.sleep(milliseconds(Math.min(duration, 1)), signal);
  const clock = { ...systemClock, now: () => now(), sleep };
  const base = worldWith();
  const world: World = {
    ...base,
    clock,
    machine: (name) => over(base.machine(name)),
    secret: async (reference, audience) =>
      new Secret('identity', readFileSync((reference as { file: string }).file, 'utf8').trim(), audience),
  };
  const context: LayerContext = { timeZone: 'UTC', now: world.clock.now(), layers: [] };
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world, taken, ...others },
  });
  const runs = () => existsSync(pid);
  const never = new AbortController().signal;
  const plan = async (point: RestorePoint, wish: Partial<RestoreWish> = {}): Promise<Planned> => {
    const full = { point, target: 'live', ...wish };
    return planRestore(entry, full, context, await scoutRestore(entry, full, world, never));
  };
  const points = () => vaultwarden.points(entry, world);
  return {
    ...{ folder, data, copies, back, entry, world, service, runs, plan, points },
    start: () => void execFileSync('sh', ['-c', startScript], { stdio: 'ignore' }),
    stop: () => void execFileSync('sh', ['-c', stopScript], { stdio: 'ignore' }),
    open: () => new DatabaseSync(join(data, 'db.sqlite3')),
    protect: (run, others) => drive(driven(run, others), planProtect(entry, context).steps, 'keep'),
    restore: async (run, point, wish, others) => {
      const { steps, refusals } = await plan(point, { target: back, ...wish });
      if (refusals.length > 0) throw new Error(refusals.map(({ code, says }) => `${code}: ${says}`).join('; '));
      return drive(driven(run, others), steps, 'lead back');
    },
    newest: async () => {
      const point = (await points()).at(-1);
      if (point === undefined) throw new Error('there is no point');
      return point;
    },
    at: (time) => {
      now = () => instantAt(Date.parse(time));
    },
    left: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => /\.(partial|removing|holdfast)-|^taken\/./.test(name)),
    close: () => {
      if (runs()) spawnSync('sh', ['-c', stopScript]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
