// A host that is being started again, a cluster whose API is on its way back: while a restore is under way, or is led back, they
// are waited for. Giving up at once would leave a volume renamed and a workload at rest.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { minutes, seconds } from '../../../values/duration.ts';

const passing = new Set([
  'machine-connection-lost',
  'machine-unreachable',
  'machine-not-entered',
  'cluster-unreachable',
  'command-overdue',
]);

/** udev looks into each volume that comes or goes, and for that moment LVM finds it in use. */
const triesOfLvm = 4;

/** A host with many disks takes minutes to its first login. */
const longest = minutes(15);

/** @param work bears being called again */
export async function patiently<Result>(context: StepContext, work: () => Promise<Result>): Promise<Result> {
  const { clock } = context.world;
  const began = clock.monotonic();
  for (let failed = 0; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fault) || clock.monotonic() - began > longest) throw error;
      if (error.code === 'lvm-failed') failed += 1;
      if (!passing.has(error.code) && (error.code !== 'lvm-failed' || failed >= triesOfLvm)) throw error;
      const what = `waiting for ${error.where}: ${error.says}`;
      context.progress({ done: Math.round((clock.monotonic() - began) / 1000), unit: 'items', what });
      await clock.sleep(seconds(5), context.signal);
    }
  }
}
