// Config files are written one at a time, under a lock of the whole cluster. The faults that are about writing bite here.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfigFile, foreignHand } from './foreign.ts';
import type { PveCall, PveHost } from './host.ts';
import { died } from './refusal.ts';

const queues = new WeakMap<object, Map<ConfigFile, Promise<unknown>>>();

export async function underLock<Result>(
  host: PveHost,
  call: PveCall,
  file: ConfigFile,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const queue = queues.get(host.state) ?? new Map<ConfigFile, Promise<unknown>>();
  queues.set(host.state, queue);
  const turn = (queue.get(file) ?? Promise.resolve()).then(async () => {
    const foreign = host.board.meet('before-write', call);
    if (foreign !== undefined) foreignHand(host, file, foreign.options.object);
    const fault = host.board.meet('write', call)?.name;
    if (fault === undefined) return work();
    await sleep(host.delays.lock);
    const why = fault === 'no-quorum' ? 'no quorum!' : 'got lock request timeout';
    throw died(`cfs-lock 'file-${file}_cfg' error: ${why}`);
  });
  queue.set(
    file,
    turn.catch(() => undefined),
  );
  return turn;
}
