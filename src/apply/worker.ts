// The worker: does the steps of one run, in a process of its own, and dies with its supervisor.
import type { Readable, Writable } from 'node:stream';
import type { Journal } from '../contracts/journal.ts';
import type { StepKind } from '../contracts/step-kind.ts';
import type { World } from '../contracts/world.ts';
import { asFault, Fault } from '../fault.ts';
import type { Budget, Connections } from '../model/estate.ts';
import type { RunId } from '../model/run.ts';
import { seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import { carryOut } from './engine.ts';
import type { Engine, Told } from './engine-types.ts';
import { lanesAcrossRuns } from './lanes.ts';
import { isLedBack, verdictOf } from './outcome.ts';
import { type FromWorker, messages, send, type ToWorker } from './protocol.ts';
import { lanesFolder, takenFolder } from './state.ts';

export type Workshop = Readonly<{
  clock: Clock;
  kinds: ReadonlyMap<string, StepKind>;
  openJournal(state: string): Journal;
  openWorld(connections: Connections, state: string, run: RunId, budget?: Budget): WorldOfRun;
}>;

export type WorldOfRun = World &
  AsyncDisposable &
  Readonly<{
    /**
     * ends what carries the run's id on the other machines of the estate
     *
     * @returns what was not reached, in words
     * @throws Fault `command-stays`
     */
    endLeftovers?(run: RunId): Promise<readonly string[]>;
  }>;

/** @returns the exit code of the worker's process */
export async function work(workshop: Workshop, input: Readable, output: Writable): Promise<number> {
  const stop = new AbortController();
  const orders = messages<ToWorker>(input, () => {});
  const first = await orders.next();
  if (first.done || first.value.say !== 'begin') return 64;
  const { run, state, root } = first.value;
  void obey(orders, stop);
  const stillAlive = beat(workshop.clock, output);
  try {
    send(
      output,
      await doRun(workshop, { run, state, root }, stop.signal, (told) => send(output, { say: 'told', told })),
    );
    return 0;
  } catch (error) {
    send(output, { say: 'broken', fault: asFault(error, run).toJSON() });
    return 1;
  } finally {
    stillAlive.abort();
  }
}

async function doRun(
  workshop: Workshop,
  { run, state, root }: Readonly<{ run: RunId; state: string; root: string }>,
  signal: AbortSignal,
  tell: (told: Told) => void,
): Promise<FromWorker> {
  const journal = workshop.openJournal(state);
  const charge = journal.charge(run);
  if (charge === undefined)
    throw new Fault('run-unknown', { where: run, says: 'the journal has no such run', remedy: 'start it again' });
  await using world = workshop.openWorld(charge.connections, state, run, charge.budget);
  const holder = { run, pid: process.pid, what: `run ${run} (${charge.plan.job})` };
  const engine: Engine = {
    run,
    kinds: workshop.kinds,
    world,
    journal,
    consent: charge.consent,
    folder: takenFolder(state, run),
    lanes: lanesAcrossRuns({ folder: lanesFolder(root), clock: workshop.clock, holder }),
    signal,
    tell,
  };
  const carried = await carryOut(engine, charge.plan);
  const { fates } = carried;
  const whole = [...fates.values()].every((fate) => fate === 'done');
  const interrupted = signal.aborted && !whole;
  const undone = charge.plan.afterFailure === 'lead back' && !whole && isLedBack(journal.entries(run));
  const verdict = verdictOf(carried, { interrupted, undone });
  journal.close();
  return { say: 'ended', verdict };
}

/** The supervisor's word, or its end, stops the run. */
async function obey(orders: AsyncGenerator<ToWorker>, stop: AbortController): Promise<void> {
  for await (const order of orders) if (order.say === 'stop') break;
  stop.abort(
    new Fault('interrupted', {
      where: 'run',
      says: 'it was told to stop',
      remedy: 'start it again when you want it done',
      exit: 'interrupted',
    }),
  );
}

function beat(clock: Clock, output: Writable): AbortController {
  const over = new AbortController();
  const beats = async () => {
    for (;;) {
      send(output, { say: 'alive' });
      await clock.sleep(seconds(2), over.signal);
    }
  };
  beats().catch(() => {});
  return over;
}
