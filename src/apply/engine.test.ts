import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { benchFor, planOf, put, putKind, shelf } from '../../test/engine-world.ts';
import type { StepContext } from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import { foldEntries } from '../model/run.ts';
import { absent } from '../model/step.ts';
import { type Clock, instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { carryOut } from './engine.ts';
import { verdictOf } from './outcome.ts';
import { recover } from './recover.ts';

/** Time does not pass in it: whoever sleeps does so until told otherwise. */
const still: Clock = {
  now: () => instantAt(0),
  monotonic: () => 0,
  sleep: (_, signal) =>
    new Promise((__, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true })),
};

const refusal = () => new Fault('server-error', { where: 'shelf', says: 'it is full', remedy: 'empty it' });

describe('the engine', () => {
  it('does what comes after only when what comes before is done, and writes both down', async () => {
    const on = shelf();
    const plan = planOf([put('second', { after: ['first'] }), put('first')]);
    const bench = benchFor(plan, [putKind(on)]);
    const { fates } = await carryOut(bench, plan);
    assert.deepEqual([...on.on.keys()], ['first', 'second']);
    assert.deepEqual(Object.fromEntries(fates), { first: 'done', second: 'done' });
    const events = bench.journal.entries('run-1').map(({ path, event }) => `${path} ${event}`);
    assert.deepEqual(events.slice(0, 4), ['first trying', 'first took', 'first done', 'first released']);
  });

  it('lets other lanes go on when one step fails, and blocks only what comes after it', async () => {
    const on = shelf();
    const plan = planOf([put('bad'), put('after-bad', { after: ['bad'] }), put('good')]);
    const bench = benchFor(plan, [putKind(on, { bad: { before: () => Promise.reject(refusal()) } })]);
    const carried = await carryOut(bench, plan);
    assert.deepEqual(Object.fromEntries(carried.fates), { bad: 'failed', 'after-bad': 'blocked', good: 'done' });
    assert.deepEqual([...on.on.keys()], ['good']);
    assert.equal(verdictOf(carried, { interrupted: false, undone: false }).outcome, 'partly');
  });

  it('never does two steps of one lane at the same time, and does those of different lanes together', async () => {
    for (const [lanes, most] of [
      [['disk a', 'disk a', 'disk a'], 1],
      [['disk a', 'disk b', 'disk c'], 3],
    ] as const) {
      const on = shelf();
      const plan = planOf(lanes.map((lane, index) => put(`step${index}`, { lanes: [lane] })));
      const turns = Object.fromEntries(
        plan.steps.map(({ id }) => [id, { before: () => new Promise<void>((resolve) => setImmediate(resolve)) }]),
      );
      await carryOut(benchFor(plan, [putKind(on, turns)]), plan);
      assert.equal(on.most, most);
    }
  });

  it('calls a run degraded, not failed, where some of many items failed alone, and failed where all of them did (reality 1.1h)', async () => {
    for (const [bad, outcome, parent] of [
      [['two'], 'degraded', 'done'],
      [['one', 'two', 'three'], 'failed', 'failed'],
    ] as const) {
      const items = ['one', 'two', 'three'].map((name) => put(name));
      const behaviours = Object.fromEntries(bad.map((name) => [name, { before: () => Promise.reject(refusal()) }]));
      const all = { expands: () => items, childAfterFailure: 'alone' as const };
      const plan = planOf([put('all', { expands: true })]);
      const carried = await carryOut(benchFor(plan, [putKind(shelf(), { ...behaviours, all })]), plan);
      assert.equal(carried.fates.get('all'), parent);
      assert.equal(verdictOf(carried, { interrupted: false, undone: false }).outcome, outcome);
    }
  });

  it('refuses a step whose world has changed since it was planned, and does the others', async () => {
    const on = shelf();
    on.on.set('changed', 'somebody else');
    const expects = (name: string) => [{ subject: ref('put', name), says: 'it was not there', digest: absent }];
    const plan = planOf([put('changed', { expects: expects('changed') }), put('same', { expects: expects('same') })]);
    const bench = benchFor(plan, [putKind(on)]);
    const { fates } = await carryOut(bench, plan);
    assert.deepEqual(Object.fromEntries(fates), { changed: 'refused', same: 'done' });
    assert.equal(on.on.get('changed'), 'somebody else');
    const record = foldEntries(bench.journal.entries('run-1')).get('changed');
    assert.equal(record?.fault?.code, 'changed-since-planned');
  });

  it('asks whether it was done when the answer was lost, and does not do it again (reality 2.18)', async () => {
    const on = shelf();
    const lost = () => Promise.reject(new Fault('outcome-unknown', { where: 'x', says: 'no answer', remedy: 'wait' }));
    const plan = planOf([put('lost', {}), put('next', { after: ['lost'] })]);
    const bench = benchFor(plan, [putKind(on, { lost: { after: lost } })]);
    const { fates } = await carryOut(bench, plan);
    assert.deepEqual(Object.fromEntries(fates), { lost: 'done', next: 'done' });
    const probed = bench.journal.entries('run-1').find(({ event }) => event === 'probed');
    assert.equal(probed?.event === 'probed' && probed.answer, 'done');
  });

  it('shows, guards and journals the plan a step brings before its first step', async () => {
    const on = shelf();
    const children = [put('part'), put('pruned', { risk: 'loses a restore point' })];
    const plan = planOf([put('open', { expands: true })]);
    const bench = benchFor(plan, [putKind(on, { open: { expands: () => children } })]);
    const { fates } = await carryOut(bench, plan);
    assert.equal(fates.get('open>part'), 'done');
    assert.equal(fates.get('open>pruned'), 'refused', 'beyond the consent of the run');
    assert.equal(on.on.has('pruned'), false);
    const events = bench.journal.entries('run-1').map(({ path, event }) => `${path} ${event}`);
    assert.ok(events.indexOf('open expanded') < events.indexOf('open>part trying'));
    assert.ok(events.indexOf('open>part done') < events.indexOf('open released'), 'given back after its children');
  });

  it('does what goes beyond the consent when it was confirmed by name', async () => {
    const on = shelf();
    const children = [put('pruned', { risk: 'loses a restore point' })];
    const plan = planOf([put('open', { expands: true })]);
    const consent = { upTo: 'adds' as const, confirmed: ['put/pruned'] };
    const bench = benchFor(plan, [putKind(on, { open: { expands: () => children } })], { consent });
    assert.equal((await carryOut(bench, plan)).fates.get('open>pruned'), 'done');
  });

  it('does not lead back what is whole: told to stop when the last step is done, it is done', async () => {
    const on = shelf();
    const plan = planOf([put('safety'), put('swap', { after: ['safety'] })], 'lead back');
    let stop = () => {};
    const bench = benchFor(plan, [putKind(on, { swap: { after: () => stop() } })]);
    stop = () => bench.stop.abort(refusal());
    assert.deepEqual([...(await carryOut(bench, plan)).fates.values()], ['done', 'done']);
    assert.deepEqual([...on.on.keys()], ['safety', 'swap']);
  });

  it('leads back what is not: told to stop in the middle, nothing of it is left', async () => {
    const on = shelf();
    const plan = planOf([put('safety'), put('swap', { after: ['safety'] })], 'lead back');
    let stop = () => {};
    const bench = benchFor(plan, [putKind(on, { safety: { after: () => stop() } })]);
    stop = () => bench.stop.abort(refusal());
    await carryOut(bench, plan);
    assert.deepEqual([...on.on.keys()], []);
  });

  it('leads a plan back that says so: what was done is undone when a later step fails', async () => {
    const on = shelf();
    const plan = planOf([put('safety'), put('swap', { after: ['safety'] })], 'lead back');
    const bench = benchFor(plan, [putKind(on, { swap: { before: () => Promise.reject(refusal()) } })]);
    await carryOut(bench, plan);
    assert.deepEqual([...on.on.keys()], []);
    assert.equal(foldEntries(bench.journal.entries('run-1')).get('safety')?.undone, true);
  });

  it('gives back what was taken after success, after failure and after a stop', async () => {
    const on = shelf();
    const plan = planOf([put('fine'), put('failing'), put('stopped')]);
    const until = async (signal: AbortSignal) => signal.throwIfAborted();
    const bench = benchFor(plan, [
      putKind(on, {
        failing: { before: () => Promise.reject(refusal()) },
        stopped: {
          before: ({ signal }) => {
            bench.stop.abort(new Error('stop'));
            return until(signal);
          },
        },
      }),
    ]);
    await carryOut(bench, plan);
    assert.deepEqual([...on.taken], []);
  });

  it('tells what moves so often that people see it move, and no oftener: a stream speaks of each of its pieces', async () => {
    let monotonic = 0;
    const clock = { ...still, monotonic: () => monotonic };
    const pieces = async ({ progress }: StepContext) => {
      for (let done = 1; done <= 10_000; done += 1) {
        monotonic = done;
        progress({ done, unit: 'bytes', what: done < 9000 ? 'writing' : 'reading back' });
      }
    };
    const plan = planOf([put('stream')]);
    const bench = benchFor(plan, [putKind(shelf(), { stream: { before: pieces } })], { clock });
    await carryOut(bench, plan);
    const told = bench.told.flatMap((one) => (one.tell === 'progress' ? [one.progress] : []));
    assert.deepEqual(
      told.map(({ done }) => done),
      [
        ...Array.from({ length: 90 }, (_, nth) => 1 + 100 * nth),
        ...Array.from({ length: 11 }, (_, nth) => 9000 + 100 * nth),
      ],
    );
  });

  it('gives a step up that shows no progress for its patience, by the monotonic clock (reality 2.26)', async () => {
    const on = shelf();
    let monotonic = 0;
    const clock = {
      now: () => '2026-01-01T00:00:00.000Z' as never,
      monotonic: () => monotonic,
      sleep: async (duration: number, signal?: AbortSignal) => {
        if (signal?.aborted) throw signal.reason;
        await new Promise((resolve) => setImmediate(resolve));
        monotonic += duration;
      },
    };
    const plan = planOf([put('silent')]);
    const silent = ({ signal }: { signal: AbortSignal }) =>
      new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    const bench = benchFor(plan, [putKind(on, { silent: { before: silent } })], { clock });
    const { fates } = await carryOut(bench, plan);
    assert.equal(fates.get('silent'), 'failed');
    assert.equal(foldEntries(bench.journal.entries('run-1')).get('silent')?.fault?.code, 'no-progress');
  });
});

describe('a clock that is stepped', () => {
  const year = 365 * 24 * 3_600_000;
  for (const [step, jump] of [
    ['ten years ahead', 10 * year],
    ['back by a day', -24 * 3_600_000],
  ] as const)
    it(`(${step}) gives up no step, loses no order, and a run after it is the newest`, async () => {
      let wall = Date.UTC(2026, 10, 21, 3);
      const clock: Clock = { ...still, now: () => instantAt(wall) };
      const on = shelf();
      const stepped = {
        before: () => {
          wall += jump;
        },
      };
      const plan = planOf([put('one'), put('two', { after: ['one'] }), put('three', { after: ['two'] })]);
      const bench = benchFor(plan, [putKind(on, { two: stepped })], { clock });
      const { fates } = await carryOut(bench, plan);
      assert.deepEqual([...fates.values()], ['done', 'done', 'done']);
      bench.journal.finish('run-1', 'done', 'all of it');
      const done = bench.journal.entries('run-1').filter(({ event }) => event === 'done');
      assert.deepEqual(
        done.map(({ path }) => path),
        ['one', 'two', 'three'],
      );
      bench.journal.begin({
        ...{ id: 'run-2', job: plan.job, startedBy: 'test', startedAt: clock.now(), supervisor: process.pid, plan },
        ...{
          connections: { pve: [], pbs: [], machines: [], kubernetes: [] },
          consent: { upTo: 'adds', confirmed: [] },
        },
      });
      assert.deepEqual(
        bench.journal.runs(10).map(({ id }) => id),
        ['run-2', 'run-1'],
      );
    });
});

describe('recovery', () => {
  const dies = (names: readonly string[], when: 'before' | 'after', leadBack = false) => {
    const on = shelf();
    const plan = planOf(
      names.map((name, index) => put(name, { after: names.slice(0, index) })),
      leadBack ? 'lead back' : 'keep',
    );
    const last = names.at(-1) ?? '';
    // A worker that is killed never comes back from `do`: it is held there, and the recovery works from the journal alone.
    let reached = () => {};
    const there = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const hangs = () => {
      reached();
      return new Promise<void>(() => {});
    };
    const bench = benchFor(plan, [putKind(on, { [last]: { [when]: hangs } })], { clock: still });
    void carryOut(bench, plan);
    return { on, plan, bench, there };
  };

  it('finds that a step was done though its end was never written, and gives back what it took', async () => {
    const { on, plan, bench, there } = dies(['one', 'two'], 'after');
    await there;
    assert.deepEqual([...on.taken], ['two'], 'it was taken when the worker died');
    assert.deepEqual(await recover(bench, plan), []);
    assert.deepEqual([...on.on.keys()], ['one', 'two']);
    assert.deepEqual([...on.taken], []);
    assert.equal(foldEntries(bench.journal.entries('run-1')).get('two')?.fate, 'done');
  });

  it('undoes what was half-way, and touches nothing of another run', async () => {
    const { on, plan, bench, there } = dies(['mine'], 'before');
    on.on.set('theirs', 'run-2');
    await there;
    assert.deepEqual(await recover(bench, plan), []);
    assert.deepEqual([...on.on.entries()], [['theirs', 'run-2']]);
  });

  it('leads a restore back to how it was', async () => {
    const { on, plan, bench, there } = dies(['safety', 'swap'], 'before', true);
    await there;
    await recover(bench, plan);
    assert.deepEqual([...on.on.keys()], []);
  });

  it('may be done twice: the second time there is nothing left to do', async () => {
    const { on, plan, bench, there } = dies(['one'], 'after');
    await there;
    await recover(bench, plan);
    const before = bench.journal.entries('run-1').length;
    assert.deepEqual(await recover(bench, plan), []);
    assert.equal(bench.journal.entries('run-1').length, before);
    assert.equal(on.taken.size, 0);
  });
});
