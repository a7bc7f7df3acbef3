// Config files have one digest each and are written one at a time. The faults that are about writing bite here.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigFile } from './config-file-names.ts';
import { foreignHandOn } from './foreign.ts';
import type { PbsCall, PbsHost } from './host.ts';
import { badRequest } from './refusal.ts';
import type { PbsState, Section } from './state.ts';

const written = (sections: readonly Section[]) => sections.map(({ id, type, options }) => ({ id, type, options }));

const contents: Readonly<Record<ConfigFile, (state: PbsState) => unknown>> = {
  datastore: ({ datastores }) =>
    datastores.map(({ name, path, comment, options }) => ({ name, path, comment, ...options })),
  prune: ({ pruneJobs }) => written(pruneJobs),
  verification: ({ verifyJobs }) => written(verifyJobs),
  sync: ({ syncJobs }) => written(syncJobs),
  remote: ({ remotes }) => written(remotes),
  'traffic-control': ({ trafficRules }) => written(trafficRules),
  s3: ({ s3Clients }) => written(s3Clients),
  user: ({ users, tokens }) => [users, tokens],
  acl: ({ acl }) => acl,
  notifications: ({ notifications }) => written(notifications),
  metricserver: ({ metricServers }) => written(metricServers),
  'encryption-keys': ({ encryptionKeys }) => written(encryptionKeys),
};

// These files hold their secrets themselves; the others have a file beside them for that.
const withSecrets: readonly ConfigFile[] = ['remote', 's3', 'metricserver'];

export const secretName = (file: ConfigFile, id: string, field: string): string => `${file} ${id} ${field}`;

/** Of the whole file, whichever entry of it is asked for. */
export function digestOf({ state, secrets }: PbsHost, file: ConfigFile): string {
  const held = withSecrets.includes(file) ? secrets.names().filter((name) => name.startsWith(`${file} `)) : [];
  const text = [contents[file](state), held.map((name) => [name, secrets.reveal(name)])];
  return createHash('sha256').update(JSON.stringify(text)).digest('hex');
}

export function refuseStaleDigest(host: PbsHost, { params }: PbsCall, file: ConfigFile): void {
  if (params['digest'] !== undefined && params['digest'] !== digestOf(host, file))
    throw badRequest('detected modified configuration - file changed by other user? Try again.');
}

/** What whoever holds a lock makes others wait for; a task may hold one until its end. */
const locks = new WeakMap<PbsState, Map<ConfigFile, Promise<void>>>();
const locksOf = ({ state }: PbsHost): Map<ConfigFile, Promise<void>> => {
  const found = locks.get(state) ?? new Map<ConfigFile, Promise<void>>();
  locks.set(state, found);
  return found;
};

/** How long PBS itself waits for a lock that another holds. */
const patience = 10_000;

export async function underLock(host: PbsHost, call: PbsCall, file: ConfigFile, work: () => void): Promise<void> {
  // What follows must not wait: another could take the lock meanwhile.
  while (locksOf(host).has(file)) await lockFree(host, file);
  const foreign = host.board.meet('before-write', call);
  if (foreign !== undefined) foreignHandOn(host, file, foreign.options.object);
  if (host.board.meet('write', call) !== undefined) {
    await sleep(host.delays.lock);
    throw lockedOut(file);
  }
  work();
}

/** To be called under the lock: it stays held until what is given has ended. */
export function keepLock(host: PbsHost, file: ConfigFile, until: Promise<unknown>): void {
  const held = locksOf(host);
  const ended = until.then(
    () => undefined,
    () => undefined,
  );
  held.set(file, ended);
  ended.then(() => held.get(file) === ended && held.delete(file));
}

async function lockFree(host: PbsHost, file: ConfigFile): Promise<void> {
  const limit = new AbortController();
  const late = sleep(patience, 'late' as const, { signal: limit.signal, ref: false }).catch(() => 'late' as const);
  try {
    for (let held = locksOf(host).get(file); held !== undefined; held = locksOf(host).get(file))
      if ((await Promise.race([held, late])) === 'late') throw lockedOut(file);
  } finally {
    limit.abort();
  }
}

const lockedOut = (file: ConfigFile) =>
  badRequest(`Unable to acquire lock "/etc/proxmox-backup/.${file}.lck" - got lock request timeout`);
