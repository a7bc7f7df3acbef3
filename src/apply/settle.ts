// Giving back and undoing: what runs after a step, in the worker that did it or, after a crash, in whoever finishes the run.
import type { Progress, StepContext, StepKind, UndoFate } from '../contracts/step-kind.ts';
import { asFault, Fault } from '../fault.ts';
import { childPath, type StepEvent, type StepPath } from '../model/run.ts';
import type { Step, StepId } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';
import { type Duration, milliseconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Engine } from './engine-types.ts';
import { withPatience } from './patience.ts';

/** What settling needs of an engine; a recovery has no more than this. */
export type Settling = Omit<Engine, 'lanes' | 'consent' | 'signal'>;

export function kindOfStep(kinds: ReadonlyMap<string, StepKind>, step: Step): StepKind {
  const kind = kinds.get(step.kind);
  if (kind === undefined)
    throw new Fault('step-kind-unknown', {
      where: step.id,
      says: `this Holdfast knows no step of the kind ${step.kind}`,
      remedy: 'apply the plan with the version that made it, or make a new plan',
    });
  return kind;
}

export function contextFor(
  engine: Settling,
  step: Step,
  path: StepPath,
  results: ReadonlyMap<StepId, Json>,
  signal: AbortSignal,
  alive: () => void,
): StepContext {
  const tellProgress = atMostEach(tellEach, engine.world.clock, (progress) =>
    engine.tell({ tell: 'progress', path, progress }),
  );
  return {
    run: engine.run,
    path,
    step,
    world: engine.world,
    signal,
    folder: engine.folder,
    results,
    log: (line) => {
      alive();
      engine.tell({ tell: 'log', path, line });
    },
    progress: (progress) => {
      alive();
      tellProgress(progress);
    },
    take: (what, name) => record(engine, path, { event: 'took', what, name }),
  };
}

/** A stream speaks of every piece of it, and whoever looks on is another process. */
const tellEach = milliseconds(100);

function atMostEach(each: Duration, clock: Clock, tell: (progress: Progress) => void): (progress: Progress) => void {
  let told: Readonly<{ at: number; what: string }> | undefined;
  return (progress) => {
    const at = clock.monotonic();
    if (told?.what === progress.what && at - told.at < each) return;
    told = { at, what: progress.what };
    tell(progress);
  };
}

function record(engine: Settling, path: StepPath, event: StepEvent): void {
  engine.tell({ tell: 'entry', entry: engine.journal.append(engine.run, path, event) });
}

/** @returns what could not be given back, in words; in the journal it stays owed */
export async function releaseStep(
  engine: Settling,
  kind: StepKind,
  step: Step,
  path: StepPath,
): Promise<readonly string[]> {
  const release = kind.release;
  if (release === undefined) return [];
  return settle(engine, step, path, (context) => release(context), 'released', 'not released');
}

/** @returns what could not be undone, in words */
export async function undoStep(
  engine: Settling,
  step: Step,
  parent: StepPath | undefined,
  fate: UndoFate,
): Promise<readonly string[]> {
  const path = childPath(parent, step.id);
  const undo = kindOfStep(engine.kinds, step).undo;
  if (undo === undefined)
    return fate === 'done' && step.wayBack === 'one-way' ? [`${path} is one-way: it stays as it is`] : [];
  return settle(engine, step, path, (context) => undo(context, fate), 'undone', 'not undone');
}

async function settle(
  engine: Settling,
  step: Step,
  path: StepPath,
  work: (context: StepContext) => Promise<void>,
  good: 'released' | 'undone',
  bad: 'not released' | 'not undone',
): Promise<readonly string[]> {
  // Not the run's own signal: what was taken is given back after a Ctrl-C, too.
  const signal = new AbortController().signal;
  try {
    await withPatience(engine.world.clock, step.patience, signal, path, (watched) =>
      work(contextFor(engine, step, path, new Map(), watched.signal, watched.alive)),
    );
  } catch (error) {
    const fault = asFault(error, path);
    record(engine, path, { event: bad, fault: fault.toJSON() });
    return [`${path}: ${bad}: ${fault.says}`];
  }
  record(engine, path, { event: good });
  return [];
}
