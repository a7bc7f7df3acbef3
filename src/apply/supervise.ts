// The supervisor owns a run: it holds the lease, keeps the heart-beat, stops the worker when it is told to, and writes how
// the run ended, also when the worker was killed. If it dies itself, the kernel kills the worker, and the next command that
// may write finishes the run (finish-dead-runs.ts).
import type { Journal, NewRun } from '../contracts/journal.ts';
import { Fault, type FaultRecord } from '../fault.ts';
import type { OwnProcess } from '../machines/own-process.ts';
import type { Job } from '../model/plan.ts';
import type { RunId } from '../model/run.ts';
import { holderOf, type Lock, tryLock } from '../store/lock.ts';
import { type Duration, formatDuration, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Told } from './engine-types.ts';
import type { Verdict } from './outcome.ts';
import { type FromWorker, messages, send } from './protocol.ts';
import { jobLock, runLock } from './state.ts';

export type Supervising = Readonly<{
  clock: Clock;
  journal: Journal;
  /** the folder of the estate's state, and the root that lanes are shared in */
  state: string;
  root: string;
  startWorker(run: RunId): OwnProcess;
  /** finishes the run in this process: probes, undoes, gives back */
  recover(run: RunId): Promise<readonly string[]>;
  /** aborted by Ctrl-C, a closed terminal, a stopping service */
  signal: AbortSignal;
  /** the run is stopped and undone when it has taken this long, and has failed */
  deadline?: Duration | undefined;
  tell(told: Told): void;
  /** what the worker printed that was no message: for the run's own log */
  spilled(line: string): void;
}>;

const heartBeatEvery = seconds(5);
const cancelPollEvery = seconds(1);
/**
 * A worker says that it lives every 2 s; one that was silent at so many polls is killed. Polls are counted, not time: where
 * both were stopped (a paused guest, Ctrl-Z), the worker has not had its turn yet when the clock has already jumped.
 */
const silentPolls = 30;

export async function superviseRun(supervising: Supervising, run: NewRun): Promise<Verdict> {
  const { journal, state } = supervising;
  using _job = lockJob(supervising, run.job, run.id);
  const holder = { run: run.id, pid: process.pid, what: `run ${run.id} (${run.job})` };
  using lease = tryLock(runLock(state, run.id), holder);
  if (lease === undefined) throw new Error(`the run id ${run.id} is taken`);
  // Told to stop while the plan was made or an older run was finished: then this one never begins.
  supervising.signal.throwIfAborted();
  journal.begin(run);
  const end = await workerEnds(supervising, run.id);
  const ended = 'verdict' in end ? end.verdict : await aborted(supervising, run.id, end.died);
  const verdict = end.late ? stoppedAt(supervising.deadline, ended) : ended;
  journal.finish(run.id, verdict.outcome, verdict.summary);
  return verdict;
}

function lockJob({ state }: Supervising, job: Job, run: RunId): Lock {
  const file = jobLock(state, job);
  const lock = tryLock(file, { run, pid: process.pid, what: `run ${run}` });
  if (lock !== undefined) return lock;
  const holder = holderOf(file);
  throw new Fault('already-running', {
    where: job,
    says: holder === undefined ? 'it is already running' : `${holder.what} is already doing this`,
    remedy:
      holder === undefined ? 'see `holdfast runs`' : `wait for it, or stop it with \`holdfast cancel ${holder.run}\``,
    exit: 'locked',
  });
}

type WorkerEnd = Readonly<{ late: boolean }> & (Readonly<{ verdict: Verdict }> | Readonly<{ died: string }>);

/** What was done before the worker heard of it stays what it is. */
const stoppedAt = (deadline: Duration | undefined, { outcome, summary }: Verdict): Verdict =>
  outcome === 'done' || outcome === 'degraded' || deadline === undefined
    ? { outcome, summary }
    : { outcome: 'failed', summary: `stopped at its deadline of ${formatDuration(deadline)}; ${summary}` };

/** How the worker says the run ended, or why it could not. */
async function workerEnds(supervising: Supervising, run: RunId): Promise<WorkerEnd> {
  const { clock } = supervising;
  const worker = supervising.startWorker(run);
  const over = new AbortController();
  const life = { silent: 0 };
  let late = false;
  const stopLate = async (deadline: Duration) => {
    await clock.sleep(deadline, over.signal);
    late = true;
    stop();
  };
  const stop = () => send(worker.input, { say: 'stop' });
  const chores = [
    ...(supervising.deadline === undefined ? [] : [stopLate(supervising.deadline)]),
    every(clock, heartBeatEvery, over.signal, () => supervising.journal.heartBeat(run)),
    every(clock, cancelPollEvery, over.signal, () => {
      life.silent += 1;
      if (life.silent > silentPolls) worker.kill();
      if (supervising.signal.aborted || supervising.journal.cancelRequested(run)) send(worker.input, { say: 'stop' });
    }),
  ];
  supervising.signal.addEventListener('abort', stop);
  try {
    send(worker.input, { say: 'begin', run, state: supervising.state, root: supervising.root });
    const [{ verdict, fault }] = await Promise.all([listen(supervising, worker, life), spill(supervising, worker)]);
    const how = await worker.ended;
    return verdict === undefined ? { died: lastWordsOf(fault, how), late } : { verdict, late };
  } finally {
    supervising.signal.removeEventListener('abort', stop);
    over.abort();
    worker.kill();
    await Promise.allSettled(chores);
  }
}

async function listen(
  supervising: Supervising,
  worker: OwnProcess,
  life: { silent: number },
): Promise<{ verdict: Verdict | undefined; fault: FaultRecord | undefined }> {
  let verdict: Verdict | undefined;
  let fault: FaultRecord | undefined;
  for await (const message of messages<FromWorker>(worker.output, supervising.spilled)) {
    life.silent = 0;
    switch (message.say) {
      case 'alive':
        break;
      case 'told':
        supervising.tell(message.told);
        break;
      case 'ended':
        verdict = message.verdict;
        break;
      case 'broken':
        fault = message.fault;
        supervising.spilled(`${message.fault.code}: ${message.fault.where}: ${message.fault.says}`);
        break;
    }
  }
  return { verdict, fault };
}

const lastWordsOf = (fault: FaultRecord | undefined, how: number | string): string =>
  fault === undefined
    ? `its worker died (${typeof how === 'number' ? `exit code ${how}` : how})`
    : `its worker gave up: ${fault.where}: ${fault.says}; do this: ${fault.remedy}`;

async function spill(supervising: Supervising, worker: OwnProcess): Promise<void> {
  for await (const _ of messages<never>(worker.errors, supervising.spilled)) supervising.spilled(JSON.stringify(_));
}

async function aborted(supervising: Supervising, run: RunId, died: string): Promise<Verdict> {
  const left = await supervising.recover(run);
  const gaveBack = left.length === 0 ? 'what it had taken was given back' : left.join('; ');
  return { outcome: 'aborted', summary: `${died}; ${gaveBack}` };
}

async function every(clock: Clock, pause: ReturnType<typeof seconds>, signal: AbortSignal, chore: () => void) {
  for (;;) {
    await clock.sleep(pause, signal);
    try {
      chore();
    } catch {
      // A heart-beat that cannot be written (a full disk) is missed; the lease itself is a lock of the kernel.
    }
  }
}
