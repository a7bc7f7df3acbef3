// One step, from its expectations to its end. Before `do` the journal says that it is about to be tried; after it, how it
// ended. What is in doubt is probed, never guessed.
import { changedSincePlanned, type Done, type Probed, type StepKind } from '../contracts/step-kind.ts';
import { asFault, Fault } from '../fault.ts';
import { childPath, type StepEvent, type StepPath, type Wrote } from '../model/run.ts';
import { absent, type Step, type StepId } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';
import { guardChild } from './child.ts';
import type { CarriedOut, CarryOut, Ended, Engine } from './engine-types.ts';
import { StuckStep, withPatience } from './patience.ts';
import { contextFor, kindOfStep, releaseStep, undoStep } from './settle.ts';

const nothing: CarriedOut = { fates: new Map(), degraded: [], items: new Set() };

export async function attempt(
  engine: Engine,
  step: Step,
  path: StepPath,
  results: ReadonlyMap<StepId, Json>,
  carryOut: CarryOut,
): Promise<Ended> {
  const record = (event: StepEvent) =>
    engine.tell({ tell: 'entry', entry: engine.journal.append(engine.run, path, event) });
  const kind = kindOfStep(engine.kinds, step);
  const changed = await unmet(engine, kind, step, path, results);
  if (changed !== undefined) {
    record({ event: 'refused', fault: changed.toJSON() });
    return { fate: 'refused', result: null, inner: nothing };
  }
  record({ event: 'trying' });
  const ended = await tryIt(engine, kind, step, path, results, record, carryOut);
  const owed = await releaseStep(engine, kind, step, path);
  return { ...ended, inner: { ...ended.inner, degraded: [...ended.inner.degraded, ...owed] } };
}

/** The first expectation that no longer holds. */
async function unmet(
  engine: Engine,
  kind: StepKind,
  step: Step,
  path: StepPath,
  results: ReadonlyMap<StepId, Json>,
): Promise<Fault | undefined> {
  try {
    return await withPatience(engine.world.clock, step.patience, engine.signal, path, async ({ signal, alive }) => {
      const context = contextFor(engine, step, path, results, signal, alive);
      for (const expected of step.expects) {
        const now = await kind.observe(context, expected.subject);
        if (now !== expected.digest)
          return changedSincePlanned(
            expected.subject,
            `${expected.says}; ${now === absent ? 'it is gone now' : 'it is different now'}`,
          );
      }
      return undefined;
    });
  } catch (error) {
    if (error instanceof StuckStep) throw error;
    return asFault(error, path);
  }
}

async function tryIt(
  engine: Engine,
  kind: StepKind,
  step: Step,
  path: StepPath,
  results: ReadonlyMap<StepId, Json>,
  record: (event: StepEvent) => void,
  carryOut: CarryOut,
): Promise<Ended> {
  let done: Done;
  try {
    done = await withPatience(engine.world.clock, step.patience, engine.signal, path, ({ signal, alive }) =>
      kind.do(contextFor(engine, step, path, results, signal, alive)),
    );
  } catch (error) {
    if (error instanceof StuckStep) throw error;
    if (error instanceof Fault && error.code === 'changed-since-planned') {
      record({ event: 'refused', fault: error.toJSON() });
      return { fate: 'refused', result: null, inner: nothing };
    }
    return inDoubt(engine, kind, step, path, asFault(error, path), record);
  }
  const inner = done.expands === undefined ? nothing : await expand(engine, done.expands, path, record, carryOut);
  const failed = [...inner.fates].find(([path, fate]) => fate !== 'done' && !inner.items.has(path));
  if (failed !== undefined) {
    const fault = new Fault('child-plan-failed', {
      where: path,
      says: `${failed[0]} is ${failed[1]}`,
      remedy: `see \`holdfast log ${engine.run}\` for what happened there`,
    });
    // Only then is it `failed`: a recovery undoes what has no end yet.
    const notUndone = await undoStep(engine, step, parentOf(path, step), 'done');
    record({ event: 'failed', fault: fault.toJSON() });
    return { fate: 'failed', result: null, inner: { ...inner, degraded: [...inner.degraded, ...notUndone] } };
  }
  const degraded = [...(done.degraded ?? []), ...inner.degraded];
  record({
    event: 'done',
    result: done.result,
    degraded: done.degraded ?? [],
    ...ownership(step),
    ...written(done),
  });
  return { fate: 'done', result: done.result, inner: { ...inner, degraded } };
}

async function expand(
  engine: Engine,
  child: NonNullable<Done['expands']>,
  path: StepPath,
  record: (event: StepEvent) => void,
  carryOut: CarryOut,
): Promise<CarriedOut> {
  const { steps, refused } = guardChild(engine.kinds, child, engine.consent, path);
  record({ event: 'expanded', plan: child });
  for (const { path: refusedPath, fault } of refused)
    engine.tell({
      tell: 'entry',
      entry: engine.journal.append(engine.run, refusedPath, { event: 'refused', fault: fault.toJSON() }),
    });
  const carried = await carryOut(engine, { steps, afterFailure: child.afterFailure }, path);
  const fates = new Map(carried.fates);
  for (const { path: refusedPath } of refused) fates.set(refusedPath, 'refused');
  const someDone = steps.some(({ id }) => fates.get(childPath(path, id)) === 'done');
  const spares = child.afterFailure === 'alone' && someDone && !engine.signal.aborted;
  return { fates, degraded: carried.degraded, items: spares ? new Set(fates.keys()) : carried.items };
}

/** `do` did not end well. Only a probe tells whether it was done all the same. */
async function inDoubt(
  engine: Engine,
  kind: StepKind,
  step: Step,
  path: StepPath,
  fault: Fault,
  record: (event: StepEvent) => void,
): Promise<Ended> {
  const probed = await probe(engine, kind, step, path);
  if (probed.answer !== 'not done') record({ event: 'probed', answer: probed.answer, evidence: probed.evidence });
  if (probed.answer === 'done') {
    const result = probed.result ?? null;
    record({ event: 'done', result, degraded: [], ...ownership(step), ...written(probed) });
    return { fate: 'done', result, inner: nothing };
  }
  if (probed.answer === 'cannot tell') {
    record({ event: 'in doubt', fault: fault.toJSON() });
    return { fate: 'in doubt', result: null, inner: nothing };
  }
  const notUndone = await undoStep(engine, step, parentOf(path, step), 'not done');
  record({ event: 'failed', fault: fault.toJSON() });
  return { fate: 'failed', result: null, inner: { ...nothing, degraded: notUndone } };
}

export async function probe(
  engine: Omit<Engine, 'lanes' | 'consent' | 'signal'>,
  kind: StepKind,
  step: Step,
  path: StepPath,
): Promise<Probed> {
  // Not the run's own signal: after a Ctrl-C, too, it must be known what was done.
  const signal = new AbortController().signal;
  try {
    return await withPatience(engine.world.clock, step.patience, signal, path, (watched) =>
      kind.probe(contextFor(engine, step, path, new Map(), watched.signal, watched.alive)),
    );
  } catch (error) {
    const fault = asFault(error, path);
    return { answer: 'cannot tell', evidence: `it could not be asked: ${fault.says}` };
  }
}

/** What is created or brought into the declared shape is Holdfast's from then on; what it removed no longer is. */
export function ownership(step: Step): { owns?: Step['subject']; disowns?: Step['subject'] } {
  if (step.act === 'remove') return { disowns: step.subject };
  return step.act === 'do' ? {} : { owns: step.subject };
}

/** By which digests the secrets can be known again that it sent. */
export const written = ({ wrote = {} }: Pick<Done, 'wrote'>): { wrote?: Wrote } =>
  Object.keys(wrote).length === 0 ? {} : { wrote };

const parentOf = (path: StepPath, step: Step): StepPath | undefined =>
  path === step.id ? undefined : path.slice(0, -(step.id.length + 1));
