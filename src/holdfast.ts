// What a face of Holdfast works with: the estate, the state of that estate, the world it names. Composition, no decisions.
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Told } from './apply/engine-types.ts';
import { deadRuns, type FinishedRun, finishDeadRuns, settleEnded } from './apply/finish-dead-runs.ts';
import { removeOldLogs } from './apply/old-logs.ts';
import type { Verdict } from './apply/outcome.ts';
import { recoverRun } from './apply/recover-run.ts';
import { runFolder, stateFolder } from './apply/state.ts';
import { superviseRun } from './apply/supervise.ts';
import type { Workshop } from './apply/worker.ts';
import { withinBudget } from './budgeted-world.ts';
import type { Consent, Journal, ReadJournal } from './contracts/journal.ts';
import type { Guard } from './guard/guard.ts';
import { openJournal, readJournal } from './journal/journal.ts';
import { stepKinds } from './kinds.ts';
import { endLeftovers } from './machines/leftovers.ts';
import { type Program, startOwnProcess } from './machines/own-process.ts';
import type { Budget, Connections, Estate } from './model/estate.ts';
import type { Plan } from './model/plan.ts';
import type { Run, RunId } from './model/run.ts';
import { makeFolder } from './store/make-folder.ts';
import type { Surroundings } from './surroundings.ts';
import type { Duration } from './values/duration.ts';
import type { Instant } from './values/instant.ts';
import type { Ref } from './values/ref.ts';
import { type OpenWorld, openWorld } from './world.ts';

export type Holdfast = Readonly<{
  surroundings: Surroundings;
  guard: Guard;
  /** what --guard names, so that a worker reads the same one */
  guardFile: string | undefined;
  /** what --state names */
  root: string;
  /** the command as typed, for the journal */
  startedBy: string;
  world(estate: Connections & Readonly<{ name: string }>, run?: RunId): OpenWorld;
  /** reads the journal without leaving a trace; undefined where there is none yet */
  look<Result>(estate: string, at: (journal: ReadJournal) => Result): Result | undefined;
  /** runs that nobody owns any more: a recovery is due */
  due(estate: string): readonly Run[];
}>;

export function holdfastIn(
  given: Pick<Holdfast, 'surroundings' | 'guard' | 'guardFile' | 'root' | 'startedBy'>,
): Holdfast {
  const { surroundings, guard, root } = given;
  const look: Holdfast['look'] = (estate, at) => {
    const journal = readJournal(stateFolder(root, estate));
    if (journal === undefined) return undefined;
    try {
      return at(journal);
    } finally {
      journal.close();
    }
  };
  return {
    ...given,
    look,
    world: (estate, run) => openWorld(surroundings, estate, guard, stateFolder(root, estate.name), run),
    due: (estate) => look(estate, (journal) => deadRuns(journal, stateFolder(root, estate), surroundings.clock)) ?? [],
  };
}

const connectionsOf = ({ pve, pbs, machines, kubernetes }: Connections): Connections => ({
  ...{ pve, pbs, machines, kubernetes },
});

/** What a worker works with; the same in the worker's own process and in a recovery. */
export const workshopOf = ({ surroundings, guard }: Pick<Holdfast, 'surroundings' | 'guard'>): Workshop => ({
  clock: surroundings.clock,
  kinds: stepKinds,
  openJournal: (state) => openJournal(state, surroundings.clock),
  openWorld: (connections, state, run, budget) =>
    withinBudget(openWorld(surroundings, connections, guard, state, run), budget),
});

/** Runs whose supervisor died are finished before anything else is planned or written. */
export async function finished(holdfast: Holdfast, estate: string): Promise<readonly FinishedRun[]> {
  const state = stateFolder(holdfast.root, estate);
  const journal = openJournal(state, holdfast.surroundings.clock);
  try {
    return await finishDeadRuns(
      journal,
      state,
      recovering(holdfast, journal, state, () => {}),
    );
  } finally {
    journal.close();
  }
}

/** What a run that has ended left half-way, since its server was down; undefined where there is nothing. */
export async function settledLater(
  holdfast: Holdfast,
  estate: string,
  run: Run,
): Promise<Readonly<{ run: Run; left: readonly string[] }> | undefined> {
  const state = stateFolder(holdfast.root, estate);
  const journal = openJournal(state, holdfast.surroundings.clock);
  try {
    const left = await settleEnded(
      journal,
      state,
      run,
      recovering(holdfast, journal, state, () => {}),
    );
    return left && { run: journal.run(run.id) ?? run, left };
  } finally {
    journal.close();
  }
}

/** What was imported is Holdfast's from then on: `--prune` may remove it once it is no longer declared. */
export function takeOver(holdfast: Holdfast, estate: string, subjects: readonly Ref[]): void {
  const journal = openJournal(stateFolder(holdfast.root, estate), holdfast.surroundings.clock);
  try {
    journal.adopt(subjects, 'import');
  } finally {
    journal.close();
  }
}

export type Task = Readonly<{
  plan: Plan;
  consent: Consent;
  startedBy: string;
  /** the id it was promised under; a new one where it was not */
  run?: RunId | undefined;
  deadline?: Duration | undefined;
  budget?: Budget | undefined;
}>;

export async function supervised(
  holdfast: Holdfast,
  estate: Estate,
  task: Task,
  tell: (told: Told) => void,
): Promise<Verdict & { run: RunId }> {
  const { surroundings, root } = holdfast;
  const { clock } = surroundings;
  const state = stateFolder(root, estate.name);
  // Another run of this estate may have died since this one was planned.
  const unfinished = (await finished(holdfast, estate.name)).find(
    ({ run, fault }) => fault !== undefined && run.job === task.plan.job,
  );
  // What still works for it would be at the same disk or server as this run; other jobs go on.
  if (unfinished?.fault !== undefined) throw unfinished.fault;
  const journal = openJournal(state, clock);
  try {
    removeOldLogs(
      state,
      journal.unfinished().map(({ id }) => id),
    );
    const run = task.run ?? newRunId(clock.now());
    const log = logOf(state, run, tell);
    const verdict = await superviseRun(
      {
        ...{ clock, journal, state, root, signal: surroundings.stopped, tell: log.tell, spilled: log.spilled },
        startWorker: (id) => startOwnProcess(workerProgram(holdfast), '__worker', id),
        recover: recovering(holdfast, journal, state, log.tell),
        deadline: task.deadline,
      },
      {
        ...{ id: run, job: task.plan.job, startedBy: task.startedBy, startedAt: clock.now() },
        supervisor: surroundings.process,
        ...{ plan: task.plan, connections: connectionsOf(estate), consent: task.consent, budget: task.budget },
      },
    );
    return { ...verdict, run };
  } finally {
    journal.close();
  }
}

/** A run whose plan holds no step that could be done: it is in the journal, as one that was refused. */
export function refuseRun(
  holdfast: Holdfast,
  estate: Estate,
  { plan, startedBy, run, budget }: Omit<Task, 'consent'>,
  summary: string,
): Verdict & { run: RunId } {
  const { clock, process: supervisor } = holdfast.surroundings;
  const journal = openJournal(stateFolder(holdfast.root, estate.name), clock);
  try {
    const id = run ?? newRunId(clock.now());
    journal.begin({
      ...{ id, job: plan.job, startedBy, startedAt: clock.now(), supervisor, plan, budget },
      ...{ connections: connectionsOf(estate), consent: { upTo: 'none', confirmed: [] } },
    });
    journal.finish(id, 'refused', summary);
    return { outcome: 'refused', summary, run: id };
  } finally {
    journal.close();
  }
}

const workerProgram = ({ surroundings: { program, folder }, guardFile }: Holdfast): Program => ({
  ...program,
  env: { ...program.env, ...(guardFile === undefined ? {} : { HOLDFAST_GUARD: resolve(folder, guardFile) }) },
});

const recovering =
  (holdfast: Holdfast, journal: Journal, state: string, tell: (told: Told) => void) =>
  (run: RunId): Promise<readonly string[]> =>
    recoverRun(
      {
        ...workshopOf(holdfast),
        endLeftovers: (left) => endLeftovers(left, holdfast.surroundings.clock),
        tell,
      },
      journal,
      state,
      run,
    );

/** Sorts by its start, and is safe in file names, mounts and environment variables. */
export function newRunId(now: Instant): RunId {
  return `${now.slice(0, 19).replaceAll(/[-:]/g, '')}-${randomBytes(3).toString('hex')}`;
}

/** What steps log and workers print goes beside the journal, not into it. */
function logOf(state: string, run: RunId, tell: (told: Told) => void) {
  const folder = runFolder(state, run);
  makeFolder(folder);
  const write = (line: string) => {
    try {
      appendFileSync(join(folder, 'log'), `${line}\n`, { mode: 0o600 });
    } catch {
      // A log that cannot be written (a full disk) must not end the run; its journal says how it went.
    }
  };
  return {
    spilled: write,
    tell: (told: Told) => {
      if (told.tell === 'log') write(`${told.path}: ${told.line}`);
      tell(told);
    },
  };
}
