// Config files have one digest each and are written one at a time. The faults that are about writing bite here.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { foreignHandOn } from './foreign.ts';
import type { PbsCall, PbsHost } from './host.ts';
import { badRequest } from './refusal.ts';
import type { PbsState } from './state.ts';

export type ConfigFile = 'datastore' | 'prune' | 'user' | 'acl';

const contents: Readonly<Record<ConfigFile, (state: PbsState) => unknown>> = {
  datastore: ({ datastores }) =>
    datastores.map(({ name, path, comment, options }) => ({ name, path, comment, ...options })),
  prune: ({ pruneJobs }) => pruneJobs.map(({ id, options }) => ({ id, ...options })),
  user: ({ users, tokens }) => [users, tokens],
  acl: ({ acl }) => acl,
};

/** Of the whole file, whichever entry of it is asked for. */
export const digestOf = ({ state }: PbsHost, file: ConfigFile): string =>
  createHash('sha256')
    .update(JSON.stringify(contents[file](state)))
    .digest('hex');

export function refuseStaleDigest(host: PbsHost, { params }: PbsCall, file: ConfigFile): void {
  if (params['digest'] !== undefined && params['digest'] !== digestOf(host, file))
    throw badRequest('detected modified configuration - file changed by other user? Try again.');
}

export async function underLock(host: PbsHost, call: PbsCall, file: ConfigFile, work: () => void): Promise<void> {
  const foreign = host.board.meet('before-write', call);
  if (foreign !== undefined) foreignHandOn(host, foreign.options.object);
  if (host.board.meet('write', call) !== undefined) {
    await sleep(host.delays.lock);
    throw badRequest(`Unable to acquire lock "/etc/proxmox-backup/.${file}.lck" - got lock request timeout`);
  }
  work();
}
