// `etcdctl snapshot save`, watched: of a member that goes away before it has sent anything it waits without an end.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { seconds } from '../../values/duration.ts';
import { statusOf } from './answers.ts';
import { argvOf, type Client, faultOf, optionsOf } from './client.ts';

type Watched = Pick<StepContext, 'signal' | 'progress' | 'world'>;

/** How often in a row, and how many seconds apart, a member does not answer of which nothing comes. */
const [patience, apart] = [3, 2];

/** @param bytes what it may come to */
export async function saveSnapshot(client: Client, path: string, bytes: number, context: Watched): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const stop = (why: unknown): void => over.abort(why);
  const watching = watch(client, path, bytes, { ...context, signal }).then(stop, stop);
  try {
    const ended = await client.machine.run(argvOf(client, ['snapshot', 'save', path]), optionsOf(client, signal));
    if (ended.exitCode !== 0) throw faultOf(client, 'snapshot save', ended);
  } finally {
    over.abort();
    await watching;
  }
}

/** @returns why it will not end; undefined where it has */
async function watch(client: Client, path: string, bytes: number, context: Watched): Promise<Fault | undefined> {
  const { signal, progress, world } = context;
  let [saved, silent] = [0, 0];
  try {
    for (;;) {
      await world.clock.sleep(seconds(apart), signal);
      // Where etcdctl writes to until it has all.
      const { size = 0 } = (await client.machine.files.info(`${path}.part`)) ?? {};
      if (size > saved) {
        [saved, silent] = [size, 0];
        progress({ done: size, total: Math.max(bytes, size), unit: 'bytes', what: 'saving a snapshot' });
        continue;
      }
      const gone = await silenceOf(client, signal);
      silent = gone === undefined ? 0 : silent + 1;
      if (gone !== undefined && silent >= patience) return gone;
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function silenceOf(client: Client, signal: AbortSignal): Promise<Fault | undefined> {
  try {
    await statusOf(client, { signal });
    return undefined;
  } catch (error) {
    if (error instanceof Fault && error.code === 'database-unreachable') return error;
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
