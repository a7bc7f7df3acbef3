// What a recovery must know that the killed worker never wrote down.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { benchFor, planOf, put, putKind, shelf } from '../../test/engine-world.ts';
import type { StepKind } from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import { type Clock, instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { carryOut } from './engine.ts';
import { recover } from './recover.ts';

/** Time does not pass in it. */
const clock: Clock = {
  now: () => instantAt(0),
  monotonic: () => 0,
  sleep: (_, signal) =>
    new Promise((__, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true })),
};

/** A place where a worker is held until it is killed: it never comes back. */
function hold() {
  let reached = () => {};
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const hangs = () => {
    reached();
    return new Promise<void>(() => {});
  };
  return { there, hangs };
}

describe('a worker that is killed', () => {
  it('after it has made something leaves it owned, so that --prune still finds it', async () => {
    const { there, hangs } = hold();
    const plan = planOf([put('made')]);
    const bench = benchFor(plan, [putKind(shelf(), { made: { after: hangs } })], { clock });
    void carryOut(bench, plan);
    await there;
    await recover(bench, plan);
    assert.deepEqual([...bench.journal.owned()], ['put/made']);
  });

  it('after it has removed something no longer owns it: what somebody else makes there later is theirs', async () => {
    const { there, hangs } = hold();
    const plan = planOf([put('gone', { act: 'remove' })]);
    const bench = benchFor(plan, [putKind(shelf(), { gone: { after: hangs } })], { clock });
    bench.journal.append('run-1', 'earlier', { event: 'done', result: null, degraded: [], owns: ref('put', 'gone') });
    void carryOut(bench, plan);
    await there;
    await recover(bench, plan);
    assert.deepEqual([...bench.journal.owned()], []);
  });

  it('before it has made anything owns nothing', async () => {
    const { there, hangs } = hold();
    const plan = planOf([put('unmade')]);
    const bench = benchFor(plan, [putKind(shelf(), { unmade: { before: hangs } })], { clock });
    void carryOut(bench, plan);
    await there;
    await recover(bench, plan);
    assert.deepEqual([...bench.journal.owned()], []);
  });

  it('while it undoes a step whose own plan failed has that step undone by the recovery', async () => {
    const { there, hangs } = hold();
    const on = shelf();
    const fails = () => Promise.reject(new Fault('server-error', { where: 'shelf', says: 'full', remedy: 'empty it' }));
    const kind = putKind(on, { open: { expands: () => [put('part')] }, part: { before: fails } });
    let killed = false;
    const once: StepKind = {
      ...kind,
      undo: async (context, fate) => (killed || context.path !== 'open' ? kind.undo?.(context, fate) : hangs()),
    };
    const plan = planOf([put('open', { expands: true })]);
    const bench = benchFor(plan, [once], { clock });
    void carryOut(bench, plan);
    await there;
    assert.deepEqual([...on.on.keys()], ['open']);
    killed = true;
    await recover(bench, plan);
    assert.deepEqual([...on.on.keys()], []);
  });
});
