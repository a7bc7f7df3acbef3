// A sync job at work (log: failure-signatures F14): groups are copied from one side to the other, newest knowledge first. Either
// side is a store of a PBS of the lab; what is read from a remote is read over the wire.
import type { Going } from '../tasks/tasks.ts';
import type { PbsHost } from './host.ts';
import { timeText } from './prune.ts';
import { isPush, textOf } from './sections/sync-access.ts';
import { addSnapshot } from './snapshots.ts';
import type { Options, Snapshot } from './state.ts';
import { namespacesOf } from './stores.ts';
import { type Copied, takesGroup, takesSnapshot } from './sync-filter.ts';
import { mayAt, type Remote, remoteNamed, rowsAt } from './sync-remote.ts';

/** Where snapshots are written to. */
type Target = Readonly<{ host: PbsHost; store: string; anchor: string; owner: string }>;
type Source = Readonly<{ namespaces(): Promise<readonly string[]>; snapshots(ns: string): Promise<readonly Copied[]> }>;

const joined = (anchor: string, below: string): string => [anchor, below].filter((part) => part !== '').join('/');
/** Of the names below the anchor, what comes after it; within the depth. */
function relative(names: readonly string[], anchor: string, depth: number): readonly string[] {
  const inside = names.filter((name) => anchor === '' || name === anchor || name.startsWith(`${anchor}/`));
  return inside
    .map((name) => (anchor === '' ? name : name.slice(anchor.length + 1)))
    .filter((name) => (name === '' ? 0 : name.split('/').length) <= depth)
    .toSorted();
}

const localSource = (host: PbsHost, store: string): Source => ({
  namespaces: async () => namespacesOf(host, store),
  snapshots: async (namespace) =>
    host.state.snapshots.filter((one) => one.store === store && one.namespace === namespace),
});

const remoteSource = (remote: Remote, store: string): Source => {
  const at = `/admin/datastore/${encodeURIComponent(store)}`;
  return {
    namespaces: async () => (await rowsAt(remote, `${at}/namespace`)).map(({ ns }) => String(ns)),
    snapshots: async (namespace) => {
      const query = namespace === '' ? '' : `?ns=${encodeURIComponent(namespace)}`;
      return (await rowsAt(remote, `${at}/snapshots${query}`)).map(copiedFrom);
    },
  };
};

const copiedFrom = (row: Readonly<Record<string, unknown>>): Copied => ({
  type: row['backup-type'] as Snapshot['type'],
  id: String(row['backup-id']),
  time: Number(row['backup-time']),
  size: Number(row['size'] ?? 0),
  owner: String(row['owner']),
  files: row['files'] as Snapshot['files'],
  finished: row['size'] !== undefined,
  ...(row['comment'] === undefined ? {} : { comment: String(row['comment']) }),
  ...(row['verification'] === undefined
    ? {}
    : { verification: row['verification'] as NonNullable<Snapshot['verification']> }),
});

async function sidesOf(
  host: PbsHost,
  options: Options,
): Promise<Readonly<{ source: Source; target: Target; from: string }>> {
  const [store, far] = [String(options['store']), String(options['remote-store'])];
  const [near, away] = [textOf(options, 'ns') ?? '', textOf(options, 'remote-ns') ?? ''];
  const remote = options['remote'] === undefined ? undefined : remoteNamed(host, String(options['remote']));
  if (!isPush(options)) {
    if (remote === undefined && store === far) throw new Error("can't sync to same datastore");
    const source = remote === undefined ? localSource(host, far) : remoteSource(remote, far);
    const owner = textOf(options, 'owner') ?? 'root@pam';
    return { source, target: { host, store, anchor: near, owner }, from: away };
  }
  if (remote === undefined) throw new Error('sync in push direction requires a remote');
  const peer = host.peer?.(remote.server, remote.port);
  const path = joined(`/datastore/${far}`, away);
  if (!(await mayAt(remote, path, 'Datastore.Backup')))
    throw new Error(`fetching remote datastore '${far}' failed: HTTP Error 403 Forbidden: permission check failed`);
  if (peer === undefined) throw new Error('a PBS of the lab pushes to a PBS of the lab only');
  // A pushed group is owned by whoever logs in there.
  const target = { host: peer, store: far, anchor: away, owner: remote.username };
  return { source: localSource(host, store), target, from: near };
}

/** Throws where anything could not be copied; groups that failed do not keep the others. */
export async function sync(host: PbsHost, id: string, options: Options, { log, pass }: Going): Promise<undefined> {
  const { source, target, from } = await sidesOf(host, options);
  const [one, other] = [`${options['remote'] ?? '-'}/${options['remote-store']}`, String(options['store'])];
  log(isPush(options) ? `sync datastore '${other}' to '${one}'` : `sync datastore '${other}' from '${one}'`);
  const depth = Number(options['max-depth'] ?? 7);
  const names = relative(await source.namespaces(), from, depth);
  let failed = false;
  let copied = 0;
  await pass(0.1);
  for (const below of names) {
    const snapshots = await source.snapshots(joined(from, below));
    const groups = Map.groupBy(snapshots, ({ type, id: name }) => `${type}/${name}`);
    const taken = [...groups].filter(([group]) => takesGroup(options, group)).toSorted();
    log(`Found ${taken.length} groups to sync (out of ${groups.size} total)`);
    for (const [group, all] of taken) {
      await pass(0.9 / (names.length * taken.length));
      const result = copyGroup({ ...target, anchor: joined(target.anchor, below) }, options, group, all, log);
      if (result === undefined) failed = true;
      else copied += result;
    }
    if (options['remove-vanished'] === true) vanish(target, joined(target.anchor, below), options, taken, log);
  }
  if (failed) throw new Error('sync failed with some errors.');
  log(copied === 0 ? 'Summary: sync job found no new data to sync' : `Summary: sync job synced ${copied} snapshots`);
  log(`sync job '${id}' end`);
  return undefined;
}

const isOf = (one: Snapshot, { store, anchor }: Target, group: string): boolean =>
  one.store === store && one.namespace === anchor && `${one.type}/${one.id}` === group;

/** How many were copied; undefined where the group belongs to somebody else. What is older than the newest one there stays away. */
function copyGroup(
  target: Target,
  options: Options,
  group: string,
  all: readonly Copied[],
  log: Going['log'],
): number | undefined {
  const present = target.host.state.snapshots.filter((one) => isOf(one, target, group));
  const { owner } = target;
  const foreign = present.find((one) => one.owner !== owner);
  if (foreign !== undefined) {
    log(`[${group}]: sync group ${group} failed - owner check failed (${owner} != ${foreign.owner})`);
    return undefined;
  }
  const newest = Math.max(0, ...present.map(({ time }) => time));
  const wanted = all.filter((one) => takesSnapshot(options, one)).toSorted((one, other) => one.time - other.time);
  const latest = options['transfer-last'] === undefined ? wanted : wanted.slice(-Number(options['transfer-last']));
  const older = latest.filter(({ time }) => time < newest);
  if (older.length > 0)
    log(
      `[${group}]: ${group}: skipped: ${older.length} snapshot(s) - older than the newest snapshot present on sync target`,
    );
  const missing = latest.filter(({ time }) => time > newest);
  for (const { verification: _ofTheSource, finished: _always, ...snapshot } of missing) {
    log(`[${group}]: ${timeText(snapshot)}: start sync`);
    addSnapshot(target.host, { ...snapshot, owner, store: target.store, namespace: target.anchor, synced: true });
    log(`[${group}]: ${timeText(snapshot)}: sync done`);
  }
  return missing.length;
}

/** What the source has no more goes from the target, as far as the job's groups and their owner reach. */
function vanish(
  target: Target,
  anchor: string,
  options: Options,
  taken: readonly (readonly [string, readonly Copied[]])[],
  log: Going['log'],
): void {
  const there = new Map(taken.map(([group, all]) => [group, new Set(all.map(({ time }) => time))]));
  const { state } = target.host;
  const gone = state.snapshots.filter((one) => {
    const group = `${one.type}/${one.id}`;
    if (!isOf(one, { ...target, anchor }, group) || one.owner !== target.owner || one.protected) return false;
    return takesGroup(options, group) && there.get(group)?.has(one.time) !== true;
  });
  for (const one of gone) log(`delete vanished snapshot ${one.type}/${one.id}/${timeText(one)}`);
  state.snapshots = state.snapshots.filter((one) => !gone.includes(one));
}
