// Writes to one config file of a server go one after the other: each changes the digest of the whole file, so of two at once
// the second would be refused (facts: pbs-api section 1, pve-api section 1).
import PQueue from 'p-queue';
import type { Params, ProxmoxApi } from './api.ts';

/** A patch: what is neither set nor deleted stays as it is. */
export type Patch = Readonly<{
  set: Params;
  delete: readonly string[];
  /** of the file as the caller saw it; without it the file's present one is used */
  digest?: string | undefined;
}>;

const queues = new Map<string, PQueue>();

export function oneAtATime<Result>(api: ProxmoxApi, file: string, write: () => Promise<Result>): Promise<Result> {
  const lane = `${api.product} ${api.audience} ${file}`;
  const queue = queues.get(lane) ?? new PQueue({ concurrency: 1 });
  queues.set(lane, queue);
  return queue.add(write).finally(() => {
    if (queue.size === 0 && queue.pending === 0) queues.delete(lane);
  });
}
