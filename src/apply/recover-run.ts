// Finishing one run in this process: its leftover processes are ended, then what it tried is settled. A journal that cannot
// be written (a full disk) does not keep back what can be given back; the run then stays unfinished, and the fault is told.
import type { Journal } from '../contracts/journal.ts';
import { Fault } from '../fault.ts';
import type { Entry, RunId } from '../model/run.ts';
import type { Told } from './engine-types.ts';
import { recover } from './recover.ts';
import { takenFolder } from './state.ts';
import type { Workshop } from './worker.ts';

export type Recovery = Workshop &
  Readonly<{
    /** ends the processes of this machine that carry the run's id in their environment; nothing else */
    endLeftovers(run: RunId): Promise<void>;
    tell(told: Told): void;
  }>;

export async function recoverRun(
  recovery: Recovery,
  journal: Journal,
  state: string,
  run: RunId,
): Promise<readonly string[]> {
  await recovery.endLeftovers(run);
  const charge = journal.charge(run);
  if (charge === undefined) return [];
  await using world = recovery.openWorld(charge.connections, state, run);
  const unreached = (await world.endLeftovers?.(run)) ?? [];
  const { append, lost } = bearing(journal, recovery.clock);
  const left = await recover(
    {
      run,
      kinds: recovery.kinds,
      world,
      journal: { append, entries: journal.entries },
      folder: takenFolder(state, run),
      tell: recovery.tell,
    },
    charge.plan,
  );
  const fault = lost();
  if (fault !== undefined) throw fault;
  return [...left, ...unreached];
}

/** An `append` that goes on where the journal's disk is full, and remembers that it did. */
function bearing(journal: Journal, clock: Workshop['clock']): { append: Journal['append']; lost(): Fault | undefined } {
  let fault: Fault | undefined;
  return {
    lost: () => fault,
    append: (run, path, event): Entry => {
      try {
        return journal.append(run, path, event);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'journal-disk-full') throw error;
        fault = error;
        return { sequence: 0, run, path, at: clock.now(), ...event };
      }
    },
  };
}
