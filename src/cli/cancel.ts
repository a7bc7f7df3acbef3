// `cancel`: asks the supervisor of a run to stop it. What it took is given back; what is half-way is undone. Of a run that has ended it
// tries again what could not be led back then.
import { stateFolder } from '../apply/state.ts';
import { Fault } from '../fault.ts';
import { settledLater } from '../holdfast.ts';
import { openJournal } from '../journal/journal.ts';
import { seconds } from '../values/duration.ts';
import type { CancelAnswer } from './answers.ts';
import type { Command } from './command.ts';
import { theRun } from './log.ts';
import { misused, openToWrite } from './open.ts';

export const cancel: Command<CancelAnswer> = {
  name: 'cancel',
  says: 'stop a run, or lead back what an ended one could not',
  run: async (invocation) => {
    const [wanted] = invocation.arguments;
    if (wanted === undefined) throw misused('cancel', 'it needs the id of a run');
    const { holdfast, estate, recovered } = await openToWrite(invocation);
    const { clock, stopped } = invocation.surroundings;
    const run = theRun(holdfast, estate.name, wanted);
    const finished = recovered.find((one) => one.run.id === run.id);
    if (finished?.fault !== undefined) throw finished.fault;
    if (finished !== undefined)
      return { exit: 'fine', value: run, text: `Run ${run.id}: ${run.state} (${run.summary ?? ''})\n` };
    const settled = run.state === 'running' ? undefined : await settledLater(holdfast, estate.name, run);
    if (settled !== undefined)
      return {
        exit: settled.left.length === 0 ? 'fine' : 'partly',
        value: settled.run,
        text: `Run ${run.id}: ${settled.left.length === 0 ? 'what it had left half-way was led back' : settled.left.join('; ')}\n`,
      };
    if (run.state !== 'running')
      throw new Fault('run-already-ended', {
        where: run.id,
        says: `it is ${run.state}`,
        remedy: `see \`holdfast log ${run.id}\``,
      });
    const journal = openJournal(stateFolder(holdfast.root, estate.name), clock);
    try {
      journal.requestCancel(run.id);
      invocation.say(`${run.id} was told to stop; it gives back what it took`);
      for (;;) {
        const now = journal.run(run.id);
        if (now !== undefined && now.state !== 'running')
          return { exit: 'fine', value: now, text: `Run ${run.id}: ${now.state} (${now.summary ?? ''})\n` };
        if (holdfast.due(estate.name).some(({ id }) => id === run.id))
          return {
            exit: 'failed',
            value: now ?? run,
            text: `Run ${run.id} has no supervisor any more; the next command that writes finishes it.\n`,
          };
        invocation.show(`waiting for ${run.id} to end`);
        await clock.sleep(seconds(0.5), stopped);
      }
    } finally {
      journal.close();
    }
  },
};
