// The step `sqlite.check`: asks named databases where they are whether they are sound, and copies nothing.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { withItemResults } from '../../model/item-results.ts';
import { absent } from '../../model/step.ts';
import { givenOf } from '../common/given.ts';
import { checkLive } from '../common/sqlite/check-live.ts';
import { checkGiven } from './given.ts';

function placed({ step, world, run }: StepContext) {
  const { entry, files } = givenOf(checkGiven, step);
  // On a machine that need not have a folder of ours: a pod has `/tmp`, if anything.
  return { entry, files, machine: world.machine(entry.machine), work: `/tmp/holdfast-check-${run}` };
}

export const checkKind: StepKind = {
  name: 'sqlite.check',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, files, machine, work } = placed(context);
    const { signal } = context;
    context.take('copy of a database, for its check', work);
    let done = 0;
    const doing = (what: string) => context.progress({ done: done++, unit: 'items', what });
    const answers = await checkLive({ machine, work, signal, doing }, files);
    const databases = answers.map(({ database, ok, says }) => ({ name: database, workload: entry.workload, ok, says }));
    const result = withItemResults({ checked_at: context.world.clock.now() }, { databases });
    return { result, degraded: answers.filter(({ ok }) => !ok).map(({ database, says }) => `${database}: ${says}`) };
  },

  probe: async () => ({ answer: 'not done', evidence: 'an answer that nobody heard is asked for again' }),

  release: async (context) => {
    const { machine, work } = placed(context);
    try {
      await machine.files.remove(work);
    } catch (error) {
      // What lay in a pod that is gone is gone with it; and what could not be asked has an answer, which says so.
      if (!(error instanceof Fault) || !error.code.startsWith('machine-')) throw error;
      context.log(`${work} may still be there: ${error.says}`);
    }
  },
};
