// Carries out a layer's steps in order, as the engine does, in the test's own process: expectations, `do`, the child plan,
// `probe` and `undo` after a failure, `release` always.
import { join } from 'node:path';
import { unreachableWorld } from '../../../test/unreachable-world.ts';
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import { stepKinds } from '../../kinds.ts';
import { localMachine } from '../../machines/local.ts';
import type { Machine } from '../../machines/machine.ts';
import type { ItemResults } from '../../model/item-results.ts';
import type { AfterFailure, Note } from '../../model/plan.ts';
import { childPath, type RunId, type StepPath } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';
import { type Clock, systemClock } from '../../values/instant.ts';

export type Driven = Readonly<{
  run: RunId;
  world: World;
  /** what is taken lies below it */
  taken: string;
  signal?: AbortSignal;
  /** told of each step that was begun, as the journal would be */
  began?(step: Begun): void;
  /** called with each sign of life, and before and after each step */
  at?(moment: string, context: StepContext): Promise<void> | void;
}>;

export type Begun = {
  path: StepPath;
  step: Step;
  fate: 'trying' | 'done';
  afterFailure: AfterFailure;
  /** the journal has it, and nobody releases it again */
  released?: boolean;
};

export type Outcome = {
  results: Record<StepPath, Json>;
  notes: Note[];
  degraded: string[];
  log: string[];
  /** items that failed alone: their faults, by the path of their step */
  failed: Record<StepPath, Fault>;
  /** what child plans say of items: the journal has it before their first step */
  found: Record<StepPath, ItemResults>;
};

export function worldWith(clock: Clock = systemClock, over: Partial<Machine> = {}, run?: RunId): World {
  const machine = (name: string): Machine => ({ ...localMachine({ name, clock, run }), ...over });
  return { ...unreachableWorld(clock), machine };
}

const kindNamed = (name: string): StepKind => {
  const kind = stepKinds.get(name);
  if (kind === undefined) throw new Error(`there is no step kind ${name}`);
  return kind;
};

const never = new AbortController().signal;

function contextOf(driven: Driven, step: Step, path: StepPath, out: Outcome, signal: AbortSignal): StepContext {
  const context: StepContext = {
    run: driven.run,
    path,
    step,
    world: driven.world,
    signal,
    folder: join(driven.taken, driven.run),
    log: (line) => void out.log.push(line),
    progress: ({ what }) => void driven.at?.(`${path} ${what}`, context),
    take: () => {},
    results: new Map(),
  };
  return context;
}

/** The codes of what failed alone. */
export const codesOf = ({ failed }: Outcome): readonly string[] => Object.values(failed).map(({ code }) => code);

const emptyOutcome = (): Outcome => ({ results: {}, notes: [], degraded: [], log: [], failed: {}, found: {} });

/** @throws what the first failing step threw, after everything was led back or given back */
export async function drive(
  driven: Driven,
  steps: readonly Step[],
  afterFailure: AfterFailure,
  out: Outcome = emptyOutcome(),
  parent?: StepPath,
): Promise<Outcome> {
  const done: Step[] = [];
  for (const step of steps) {
    try {
      const begun: Begun = { path: childPath(parent, step.id), step, fate: 'trying', afterFailure };
      await driveStep(driven, begun, out);
      done.push(step);
    } catch (error) {
      if (afterFailure === 'lead back')
        for (const before of done.reverse()) await settleStep(driven, before, childPath(parent, before.id), 'done');
      if (afterFailure !== 'alone' || !(error instanceof Fault)) throw error;
      out.failed[childPath(parent, step.id)] = error;
    }
  }
  return out;
}

async function driveStep(driven: Driven, begun: Begun, out: Outcome): Promise<void> {
  const { step, path } = begun;
  const kind = kindNamed(step.kind);
  const context = contextOf(driven, step, path, out, driven.signal ?? never);
  for (const { subject, digest, says } of step.expects)
    if ((await kind.observe(context, subject)) !== digest)
      throw new Fault('changed-since-planned', { where: subject, says, remedy: 'make a new plan' });
  driven.began?.(begun);
  try {
    await driven.at?.(`${path} begins`, context);
    const { result, expands, degraded = [] } = await kind.do(context);
    out.results[path] = result;
    out.degraded.push(...degraded);
    out.notes.push(...(expands?.notes ?? []));
    if (expands?.itemResults !== undefined) out.found[path] = expands.itemResults;
    if (expands !== undefined) await drive(driven, expands.steps, expands.afterFailure, out, path);
    // Where none of them came to its end, neither did this step: of what it would have said the journal has nothing.
    const within = (expands?.steps ?? []).map(({ id }) => childPath(path, id));
    if (within.length > 0 && within.every((one) => one in out.failed)) delete out.results[path];
    begun.fate = 'done';
    await driven.at?.(`${path} ends`, context);
  } catch (error) {
    const fresh = contextOf(driven, step, path, out, never);
    if ((await kind.probe(fresh)).answer !== 'done') await kind.undo?.(fresh, 'not done');
    await kind.release?.(fresh);
    throw error;
  }
  await kind.release?.(contextOf(driven, step, path, out, never));
  begun.released = true;
}

/** What another process does for a step long after: undoes it, and gives back what it took. */
async function settleStep(driven: Driven, step: Step, path: StepPath, fate: 'done' | 'not done'): Promise<void> {
  const context = contextOf(driven, step, path, emptyOutcome(), never);
  await kindNamed(step.kind).undo?.(context, fate);
  await kindNamed(step.kind).release?.(context);
}

/** What the next process does with a run whose own was killed: the steps that were begun are settled, the last one first. */
export async function recoverDriven(driven: Driven, begun: readonly Begun[], steps: number): Promise<void> {
  for (const one of begun.toReversed()) {
    const context = contextOf(driven, one.step, one.path, emptyOutcome(), never);
    const kind = kindNamed(one.step.kind);
    if (one.fate === 'trying' && (await kind.probe(context)).answer === 'done') one.fate = 'done';
    const whole = begun.length === steps && begun.every(({ fate }) => fate === 'done');
    if (one.fate === 'trying') await kind.undo?.(context, 'not done');
    else if (one.afterFailure === 'lead back' && !whole) await kind.undo?.(context, 'done');
    if (one.released !== true) await kind.release?.(context);
  }
}
