// The one engine: it carries out a plan's steps, those that come after others after them, those that share a lane one at a
// time, everything else at once. A failure blocks only what comes after it. A plan that leads back undoes what it did.
import type { AfterFailure } from '../model/plan.ts';
import { childPath, type StepFate, type StepPath } from '../model/run.ts';
import type { Step, StepId } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';
import { attempt } from './attempt.ts';
import type { CarriedOut, Ended, Engine } from './engine-types.ts';
import type { HeldLanes } from './lanes.ts';
import { StuckStep } from './patience.ts';
import { undoStep } from './settle.ts';

const atOnce = 8;

export async function carryOut(
  given: Engine,
  plan: Readonly<{ steps: readonly Step[]; afterFailure: AfterFailure }>,
  parent?: StepPath,
): Promise<CarriedOut> {
  const giveUp = new AbortController();
  const engine = { ...given, signal: AbortSignal.any([given.signal, giveUp.signal]) };
  const fates = new Map<StepPath, StepFate>();
  const degraded: string[] = [];
  const items = new Set<StepPath>();
  const ended = new Map<StepId, Ended>();
  const doneInOrder: Step[] = [];
  const waiting = new Map(plan.steps.map((step) => [step.id, step]));
  const running = new Map<StepId, Promise<void>>();
  const lanesInUse = new Set<string>();
  const leadsBack = plan.afterFailure === 'lead back';
  const failed = () => [...ended.values()].some(({ fate }) => fate !== 'done');

  const begin = (step: Step) => {
    waiting.delete(step.id);
    for (const lane of step.lanes) lanesInUse.add(lane);
    const one = inItsLanes(engine, step, parent, resultsBefore(step, ended)).then((end) => {
      ended.set(step.id, end);
      fates.set(childPath(parent, step.id), end.fate);
      for (const [path, fate] of end.inner.fates) fates.set(path, fate);
      degraded.push(...end.inner.degraded);
      for (const path of end.inner.items) items.add(path);
      if (end.fate === 'done') doneInOrder.push(step);
    });
    running.set(
      step.id,
      one.finally(() => {
        running.delete(step.id);
        for (const lane of step.lanes) lanesInUse.delete(lane);
      }),
    );
  };

  try {
    while (waiting.size > 0 || running.size > 0) {
      const stopped = engine.signal.aborted || (leadsBack && failed());
      // One that would only stand in a lane's queue takes no place from those whose lanes are free.
      const mayBegin = ({ lanes }: Step) => running.size < atOnce && !lanes.some((lane) => lanesInUse.has(lane));
      if (!stopped) for (const step of ready(waiting, ended)) if (mayBegin(step)) begin(step);
      if (running.size === 0) break;
      await Promise.race(running.values());
    }
  } catch (error) {
    // The journal cannot be written, or a step is stuck: nothing more may begin, and what runs is told to stop.
    giveUp.abort(error);
    await Promise.allSettled(running.values());
    throw error;
  }
  for (const step of waiting.values()) block(engine, step, parent, ended, fates);
  // Told to stop after the last step was done: nothing is half-way, so there is nothing to lead back.
  if (leadsBack && doneInOrder.length < plan.steps.length)
    for (const step of doneInOrder.reverse()) degraded.push(...(await undoStep(engine, step, parent, 'done')));
  return { fates, degraded, items };
}

function ready(waiting: ReadonlyMap<StepId, Step>, ended: ReadonlyMap<StepId, Ended>): readonly Step[] {
  return [...waiting.values()].filter((step) => step.after.every((before) => ended.get(before)?.fate === 'done'));
}

function resultsBefore(step: Step, ended: ReadonlyMap<StepId, Ended>): ReadonlyMap<StepId, Json> {
  return new Map(step.after.map((before) => [before, ended.get(before)?.result ?? null]));
}

/** A step that never began, because what it comes after did not end well, is said to be blocked, and by what. */
function block(
  engine: Engine,
  step: Step,
  parent: StepPath | undefined,
  ended: ReadonlyMap<StepId, Ended>,
  fates: Map<StepPath, StepFate>,
): void {
  const path = childPath(parent, step.id);
  const by = step.after.find((before) => ended.get(before)?.fate !== 'done');
  if (by !== undefined && !engine.signal.aborted) {
    engine.tell({
      tell: 'entry',
      entry: engine.journal.append(engine.run, path, { event: 'blocked', by: childPath(parent, by) }),
    });
    fates.set(path, 'blocked');
  } else {
    fates.set(path, 'not reached');
  }
}

async function inItsLanes(
  engine: Engine,
  step: Step,
  parent: StepPath | undefined,
  results: ReadonlyMap<StepId, Json>,
): Promise<Ended> {
  const path = childPath(parent, step.id);
  let lanes: HeldLanes;
  try {
    lanes = await engine.lanes.take(step.lanes, engine.signal, (says) => engine.tell({ tell: 'waiting', path, says }));
  } catch (error) {
    if (!engine.signal.aborted) throw error;
    return { fate: 'not reached', result: null, inner: { fates: new Map(), degraded: [], items: new Set() } };
  }
  let stuck = false;
  try {
    return await attempt({ ...engine, lanes: lanes.within }, step, path, results, carryOut);
  } catch (error) {
    stuck = error instanceof StuckStep;
    throw error;
  } finally {
    // A stuck step still works on what its lanes guard: they are dropped with the process, and not before.
    if (!stuck) lanes.release();
  }
}
