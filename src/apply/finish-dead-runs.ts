// Runs whose supervisor died: their lease is a lock that the kernel has dropped. Whoever opens the state to write finishes
// them first. Two who try at once cannot both have the lease.
import type { Journal, ReadJournal } from '../contracts/journal.ts';
import { asFault, Fault } from '../fault.ts';
import { leftovers, type Run, type RunId } from '../model/run.ts';
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

/**
 * What a run that has ended could not give back or lead back then (its server was down) is tried once more.
 *
 * @returns what is still not as it should be, in words; undefined where there is nothing to try
 * @throws Fault `run-overtaken` where a later run has done the same work: to lead this one back would take that away
 */
export async function settleEnded(
  journal: Journal,
  state: string,
  run: Run,
  recover: (run: RunId) => Promise<readonly string[]>,
): Promise<readonly string[] | undefined> {
  using lease = tryLock(runLock(state, run.id), { run: run.id, pid: process.pid, what: `the recovery of ${run.id}` });
  const left = leftovers(journal.entries(run.id));
  if (left.length === 0) return undefined;
  if (lease === undefined) return ['another process is at it right now'];
  const later = journal
    .latestRuns()
    .find(({ job, startedAt, state: ended }) => job === run.job && startedAt > run.startedAt && ended !== 'refused');
  if (later !== undefined && left.some(({ owed, notUndone }) => notUndone || !owed))
    throw new Fault('run-overtaken', {
      where: run.id,
      says: `${later.id} has done the same work since, and is ${later.state}: to lead this one back could take away what that one brought`,
      remedy: `see \`holdfast log ${run.id}\` for the names that it left, and remove them by hand where they are still there`,
    });
  const still = await recover(run.id);
  // A run that did its work, and only could not give something back, stays one that did.
  const outcome = run.state === 'done' || run.state === 'degraded' ? run.state : 'aborted';
  if (still.length === 0)
    journal.amend(run.id, outcome, `${run.summary ?? ''}; what was left of it was led back later`);
  return still;
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
