// Who may begin, where lanes are taken.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { benchFor, planOf, put, putKind, shelf } from '../../test/engine-world.ts';
import { type Clock, instantAt } from '../values/instant.ts';
import { carryOut } from './engine.ts';

const breath = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('lanes', () => {
  it('of one slow server, however many steps wait for it, do not keep another server waiting', async () => {
    const on = shelf();
    const slow = Array.from({ length: 20 }, (_, index) => put(`slow${index}`, { lanes: ['slow'] }));
    const plan = planOf([...slow, put('other', { lanes: ['other'] })]);
    const turns = Object.fromEntries(slow.map(({ id }) => [id, { before: breath }]));
    const { fates } = await carryOut(benchFor(plan, [putKind(on, turns)]), plan);
    assert.equal([...on.on.keys()][0], 'other', 'it was done before the first slow one');
    assert.equal([...fates.values()].filter((fate) => fate === 'done').length, 21);
  });

  it('of a step that does not stop are never given to the next one, and the others are told to stop', async () => {
    const on = shelf();
    let monotonic = 0;
    const clock: Clock = {
      now: () => instantAt(0),
      monotonic: () => monotonic,
      sleep: async (duration, signal) => {
        await breath();
        if (signal?.aborted) throw signal.reason;
        monotonic += duration;
      },
    };
    const stuck = put('stuck', { lanes: ['disk a'] });
    const next = put('next', { lanes: ['disk a'] });
    const elsewhere = put('elsewhere', { lanes: ['disk b'], patience: 1e9 as never });
    const plan = planOf([stuck, next, elsewhere]);
    const kind = putKind(on, {
      stuck: { before: () => new Promise<void>(() => {}) },
      elsewhere: {
        before: ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
      },
    });
    await assert.rejects(carryOut(benchFor(plan, [kind], { clock }), plan), { code: 'no-progress', where: 'stuck' });
    assert.deepEqual([...on.on.keys()], []);
    assert.deepEqual([...on.taken], ['stuck'], 'what is still worked on is not taken away below it');
  });
});
