// A world for the engine's tests: shelves that steps put things on. Its steps behave (they take, keep, give back), and the
// tests look at the shelves and the journal, never at calls.

import { join } from 'node:path';
import type { Engine, Told } from '../src/apply/engine-types.ts';
import { lanesAcrossRuns } from '../src/apply/lanes.ts';
import type { Journal } from '../src/contracts/journal.ts';
import type { StepContext, StepKind } from '../src/contracts/step-kind.ts';
import { openJournal } from '../src/journal/journal.ts';
import { type AfterFailure, makePlan, type Plan } from '../src/model/plan.ts';
import { absent, type Step } from '../src/model/step.ts';
import { minutes } from '../src/values/duration.ts';
import { type Clock, systemClock } from '../src/values/instant.ts';
import { ref } from '../src/values/ref.ts';
import { folderFor } from './folder.test-support.ts';
import { unreachableWorld } from './unreachable-world.ts';

export type Shelf = { on: Map<string, string>; taken: Set<string>; most: number; now: number };

export const shelf = (): Shelf => ({ on: new Map(), taken: new Set(), most: 0, now: 0 });

/** What a step of the tests does beside putting its name on the shelf. */
export type Behaviour = Partial<{
  before(context: StepContext): Promise<void> | void;
  after(context: StepContext): Promise<void> | void;
  expands(context: StepContext): readonly Step[];
  childAfterFailure: AfterFailure;
}>;

export function putKind(on: Shelf, behaviours: Readonly<Record<string, Behaviour>> = {}): StepKind {
  const nameOf = ({ step }: StepContext): string => step.subject.split('/')[1] ?? '';
  return {
    name: 'put',
    observe: async (_, subject) => on.on.get(subject.split('/')[1] ?? '') ?? absent,
    do: async (context) => {
      const name = nameOf(context);
      const behaviour = behaviours[name] ?? {};
      context.take('shelf', `${context.run}-${name}`);
      on.taken.add(name);
      on.now += 1;
      on.most = Math.max(on.most, on.now);
      try {
        await behaviour.before?.(context);
        on.on.set(name, context.run);
        await behaviour.after?.(context);
      } finally {
        on.now -= 1;
      }
      const steps = behaviour.expands?.(context);
      const afterFailure = behaviour.childAfterFailure ?? 'keep';
      return steps === undefined
        ? { result: name }
        : { result: name, expands: { because: ['found'], steps, notes: [], afterFailure } };
    },
    probe: async (context) =>
      on.on.get(nameOf(context)) === context.run
        ? { answer: 'done', evidence: 'it is on the shelf', result: 'found' }
        : { answer: 'not done', evidence: 'the shelf is empty' },
    release: async (context) => void on.taken.delete(nameOf(context)),
    undo: async (context) => {
      if (on.on.get(nameOf(context)) === context.run) on.on.delete(nameOf(context));
    },
  };
}

export const put = (name: string, more: Partial<Step> = {}): Step => ({
  id: name,
  kind: 'put',
  subject: ref('put', name),
  act: 'create',
  title: `put ${name}`,
  because: ['the test wants it'],
  changes: [],
  after: [],
  lanes: [],
  risk: 'adds',
  needs: [],
  expects: [],
  given: null,
  wayBack: 'undo',
  expands: false,
  patience: minutes(1),
  ...more,
});

export const planOf = (steps: readonly Step[], afterFailure: 'keep' | 'lead back' = 'keep'): Plan =>
  makePlan({
    estate: 'test',
    job: 'apply',
    madeAt: systemClock.now(),
    desired: 'd',
    observed: 'o',
    steps,
    notes: [],
    refusals: [],
    unchanged: 0,
    afterFailure,
  });

export type Bench = Omit<Engine, 'journal'> &
  Readonly<{ journal: Journal; told: Told[]; stop: AbortController; state: string }>;

/** An engine with a real journal in a folder of its own, and a run that has begun. */
export function benchFor(
  plan: Plan,
  kinds: readonly StepKind[],
  options: Partial<Omit<Engine, 'journal'>> & { clock?: Clock } = {},
): Bench {
  const state = folderFor('engine');
  const clock = options.clock ?? systemClock;
  const journal = openJournal(state, clock);
  const run = 'run-1';
  const consent = options.consent ?? { upTo: 'adds' as const, confirmed: [] };
  journal.begin({
    id: run,
    job: plan.job,
    startedBy: 'test',
    startedAt: clock.now(),
    supervisor: process.pid,
    plan,
    connections: { pve: [], pbs: [], machines: [], kubernetes: [] },
    consent,
  });
  const stop = new AbortController();
  const told: Told[] = [];
  const world = unreachableWorld(clock);
  const holder = { run, pid: process.pid, what: `run ${run}` };
  return {
    ...{ run, world, journal, consent, told, stop, state, signal: stop.signal },
    kinds: new Map(kinds.map((kind) => [kind.name, kind])),
    folder: join(state, 'taken', run),
    lanes: lanesAcrossRuns({ folder: join(state, 'lanes'), clock, holder }),
    tell: (one) => void told.push(one),
    ...options,
  };
}
