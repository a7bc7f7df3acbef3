// Finishing a run whose worker or supervisor died. What was being tried is probed, what it made half-way is undone, what it
// took is given back; nothing of any other run is touched. Then the run is `aborted`.
import type { Journal } from '../contracts/journal.ts';
import type { Probed } from '../contracts/step-kind.ts';
import type { AfterFailure } from '../model/plan.ts';
import { childPath, type Entry, foldEntries, type StepPath, type StepRecord } from '../model/run.ts';
import type { Step } from '../model/step.ts';
import { ownership, probe, written } from './attempt.ts';
import { kindOfStep, releaseStep, type Settling, undoStep } from './settle.ts';

type Placed = Readonly<{
  path: StepPath;
  parent: StepPath | undefined;
  step: Step;
  afterFailure: AfterFailure;
  /** every step of its plan was done: only the last word was missing, and there is nothing to lead back */
  whole: boolean;
}>;

export type Recovering = Settling & Readonly<{ journal: Pick<Journal, 'append' | 'entries'> }>;

/** @returns what is still not as it should be, in words; empty where everything was given back */
export async function recover(
  engine: Recovering,
  plan: Readonly<{ steps: readonly Step[]; afterFailure: AfterFailure }>,
): Promise<readonly string[]> {
  const records = foldEntries(engine.journal.entries(engine.run));
  // Children first: a mount is given back after what was copied from it.
  const placed = placedSteps(plan, records).reverse();
  const left: string[] = [];
  for (const place of placed) left.push(...(await finishStep(engine, place, records)));
  return left;
}

async function finishStep(
  engine: Recovering,
  { path, parent, step, afterFailure, whole }: Placed,
  records: ReadonlyMap<StepPath, StepRecord>,
): Promise<readonly string[]> {
  const record = records.get(path);
  if (record === undefined || record.beganAt === undefined) return [];
  const kind = kindOfStep(engine.kinds, step);
  const left: string[] = [];
  let fate = record.fate;
  if ((fate === 'trying' || fate === 'in doubt') && !record.undone) {
    const probed = record.child === undefined ? await probe(engine, kind, step, path) : expandedOnly;
    tell(engine, engine.journal.append(engine.run, path, { event: 'probed', ...answerOf(probed) }));
    if (probed.answer === 'done')
      tell(
        engine,
        engine.journal.append(engine.run, path, {
          ...{ event: 'done', result: probed.result ?? null, degraded: [] },
          ...ownership(step),
          ...written(probed),
        }),
      );
    else if (probed.answer === 'cannot tell') left.push(`${path} is in doubt: ${probed.evidence}`);
    else left.push(...(await undoStep(engine, step, parent, 'not done')));
    fate = probed.answer === 'done' ? 'done' : fate;
  }
  if (fate === 'done' && afterFailure === 'lead back' && !whole && !record.undone)
    left.push(...(await undoStep(engine, step, parent, 'done')));
  // Its own worker had tried, and nothing answered then.
  if (fate === 'failed' && record.notUndone)
    left.push(...(await undoStep(engine, step, parent, record.child === undefined ? 'not done' : 'done')));
  if (record.owed) left.push(...(await releaseStep(engine, kind, step, path)));
  return left;
}

/** A step that had brought its child plan has nothing of its own left to tell: its children were asked one by one. */
const expandedOnly: Probed = { answer: 'not done', evidence: 'the plan it brought was not carried to its end' };

const answerOf = ({ answer, evidence }: { answer: 'done' | 'not done' | 'cannot tell'; evidence: string }) => ({
  answer,
  evidence,
});

const tell = (engine: Recovering, entry: Entry): void => engine.tell({ tell: 'entry', entry });

/** Every step the run can have reached, parents before their children, in plan order. */
function placedSteps(
  plan: Readonly<{ steps: readonly Step[]; afterFailure: AfterFailure }>,
  records: ReadonlyMap<StepPath, StepRecord>,
  parent?: StepPath,
): Placed[] {
  const whole = plan.steps.every((step) => records.get(childPath(parent, step.id))?.fate === 'done');
  return plan.steps.flatMap((step) => {
    const path = childPath(parent, step.id);
    const child = records.get(path)?.child;
    const here: Placed = { path, parent, step, afterFailure: plan.afterFailure, whole };
    return child === undefined ? [here] : [here, ...placedSteps(child, records, path)];
  });
}
