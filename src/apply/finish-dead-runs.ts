// Runs whose supervisor died: their lease is a lock that the kernel has dropped. Whoever opens the state to write finishes
// them first. Two who try at once cannot both have the lease.
import type { Journal, ReadJournal } from '../contracts/journal.ts';
import { asFault, type Fault } from '../fault.ts';
import type { Run, RunId } from '../model/run.ts';
import { tryLock } from '../store/lock.ts';
import { minutes } from '../values/duration.ts';
import { between, type Clock } from '../values/instant.ts';
import { runLock } from './state.ts';

export type FinishedRun = Readonly<{
  run: Run;
  /** what is still not as it should be */
  left: readonly string[];
  /** why it could not be finished, and stays due; the others do not wait for it */
  fault?: Fault;
}>;

export async function finishDeadRuns(
  journal: Journal,
  state: string,
  recover: (run: RunId) => Promise<readonly string[]>,
): Promise<readonly FinishedRun[]> {
  const finished: FinishedRun[] = [];
  for (const run of journal.unfinished()) {
    using lease = tryLock(runLock(state, run.id), { run: run.id, pid: process.pid, what: `the recovery of ${run.id}` });
    if (lease === undefined) continue;
    // Between the list and the lease, its own supervisor may have ended it.
    if (journal.run(run.id)?.state !== 'running') continue;
    let left: readonly string[];
    try {
      left = await recover(run.id);
    } catch (error) {
      finished.push({ run, left: [], fault: asFault(error, run.id) });
      continue;
    }
    const gaveBack = left.length === 0 ? 'what it had taken was given back' : left.join('; ');
    journal.finish(run.id, 'aborted', `its supervisor died; ${gaveBack}`);
    finished.push({ run, left });
  }
  return finished;
}

/** A supervisor beats every 5 s; where its lease cannot be tried (a state of somebody else's), this long without says it is dead. */
const silentFor = minutes(1);

/** For commands that only read: runs that nobody owns any more. */
export function deadRuns(journal: ReadJournal, state: string, clock: Clock): readonly Run[] {
  return journal.unfinished().filter((run) => {
    try {
      using lease = tryLock(runLock(state, run.id), { run: run.id, pid: process.pid, what: 'a look' });
      return lease !== undefined;
    } catch {
      return between(run.heartBeatAt, clock.now()) > silentFor;
    }
  });
}
