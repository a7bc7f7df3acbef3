import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planOf, put } from '../../test/engine-world.ts';
import type { Consequence, Judged, Look } from '../contracts/consequence.ts';
import { type Ask, factsOf, type Told } from '../model/facts.ts';
import { classOf } from '../model/step.ts';
import { instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { weigh } from './weigh.ts';

const subject = ref('put', 'a');
const judging = (judged: Judged): Consequence => ({ name: 'test', asks: () => [], judge: () => judged });
const look = {} as Look;
const weighed = (steps: Parameters<typeof planOf>[0], ...judged: readonly Judged[]) =>
  weigh(planOf(steps), look, judged.map(judging), factsOf([]), []);
const refusal = (step: string) => ({ step, subject, code: 'test', says: 'it cannot be', remedy: 'change it' });

describe('what steps mean', () => {
  it('is said with them, and raises their risk and their class, never lowers them', () => {
    const steps = [put('a', { risk: 'changes' }), put('b', { risk: 'destroys' })];
    const { steps: after } = weighed(
      steps,
      { means: [{ step: 'a', says: 'backups go', risk: 'loses a restore point', class: 'weakens' }] },
      {
        means: [
          { step: 'a', says: 'and it is late', risk: 'adds' },
          { step: 'b', says: 'little', risk: 'adds' },
        ],
      },
    );
    assert.deepEqual(
      after.map(({ risk, means }) => [risk, means]),
      [
        ['loses a restore point', ['backups go', 'and it is late']],
        ['destroys', ['little']],
      ],
    );
    assert.deepEqual(after.map(classOf), ['weakens', 'destroys']);
  });

  it('leaves a plan that means nothing more as it was, and gives every other one an identity of its own', () => {
    const steps = [put('a')];
    const plan = planOf(steps);
    assert.equal(weighed(steps, {}).digest, plan.digest);
    assert.notEqual(weighed(steps, { means: [{ step: 'a', says: 'more' }] }).digest, plan.digest);
    assert.deepEqual(weighed(steps, { notes: [{ subject, level: 'info', says: 'so' }] }).notes.length, 1);
  });
});

describe('a step that may not be carried out', () => {
  it('is taken out with everything that comes after it, however far, and each is refused with a reason', () => {
    const steps = [
      put('a'),
      put('b', { after: ['a'] }),
      put('c', { after: ['b'] }),
      put('d', { after: ['x'] }),
      put('free'),
    ];
    const plan = weighed(steps.toReversed(), { refuses: [refusal('a')] });
    assert.deepEqual(
      plan.steps.map(({ id }) => id),
      ['free', 'd'],
    );
    assert.deepEqual(
      plan.refusals.map(({ subject: of, code }) => [of, code]),
      [
        [subject, 'test'],
        ['put/c', 'comes-after-refused'],
        ['put/b', 'comes-after-refused'],
      ],
    );
    assert.match(plan.refusals.at(-1)?.says ?? '', /comes after a, which cannot be done/);
  });

  it('takes nothing with it that only goes before it', () => {
    const plan = weighed([put('a'), put('b', { after: ['a'] })], { refuses: [refusal('b')] });
    assert.deepEqual(
      plan.steps.map(({ id }) => id),
      ['a'],
    );
  });

  it('is none for whoever judges the rest: what only it would have covered is said to be left', () => {
    const steps = [put('new job'), put('old job'), put('later', { after: ['new job'] })];
    const refusing: Consequence = {
      ...judging({}),
      judge: ({ steps: there }) => ({
        refuses: there.some(({ id }) => id === 'new job') ? [refusal('new job')] : [],
        notes: [{ subject, level: 'info', says: `judged ${there.map(({ id }) => id).join(' and ')}` }],
      }),
    };
    const covering: Consequence = {
      ...judging({}),
      judge: ({ steps: there }) => ({
        means: there.some(({ id }) => id === 'new job') ? [] : [{ step: 'old job', says: 'a guest is in no job' }],
      }),
    };
    const plan = planOf(steps);
    const weighed = weigh(plan, { steps: plan.steps } as Look, [covering, refusing], factsOf([]), []);
    assert.deepEqual(
      weighed.steps.map(({ id, means }) => [id, means]),
      [['old job', ['a guest is in no job']]],
    );
    assert.deepEqual(
      weighed.refusals.map(({ code }) => code),
      ['test', 'comes-after-refused'],
    );
    assert.deepEqual(
      weighed.notes.map(({ says }) => says),
      ['judged old job'],
    );
  });

  it('is none where something is wrong that no step is about: all steps stay', () => {
    const { step: _, ...wrong } = refusal('a');
    const plan = weighed([put('a')], { refusals: [wrong] });
    assert.deepEqual([plan.steps.length, plan.refusals.length], [1, 1]);
  });
});

describe('what a plan was judged by', () => {
  const ask = { fact: 'guests', server: 'ruapehu' } as unknown as Ask;
  const told = (known: Told['known']): readonly Told[] => [{ ask, known }];
  const digest = (known: Told['known']) =>
    weigh(planOf([put('a')]), look, [], factsOf(told(known)), told(known)).digest;
  const [early, late] = [instantAt(0), instantAt(1000)];

  it('belongs to its identity; when it was asked does not', () => {
    assert.equal(digest({ at: early, answer: [{ vmid: 1 }] }), digest({ at: late, answer: [{ vmid: 1 }] }));
    assert.notEqual(digest({ at: early, answer: [{ vmid: 1 }] }), digest({ at: early, answer: [{ vmid: 2 }] }));
    const fault = (code: string) => ({ at: early, fault: { code, where: 'x', says: 'x', remedy: 'x' } });
    assert.notEqual(digest({ at: early, answer: [{ vmid: 1 }] }), digest(fault('server-unreachable')));
    assert.notEqual(digest(fault('permission-missing')), digest(fault('server-unreachable')));
  });

  it('is not what changes from one moment to the next: a guest that was stopped, a backup that has ended', () => {
    const of = (one: Ask, answer: unknown) => {
      const known = [{ ask: one, known: { at: early, answer } }];
      return weigh(planOf([put('a')]), look, [], factsOf(known), known).digest;
    };
    const guest = { vmid: 100, type: 'qemu', node: 'ruapehu', status: 'running' };
    assert.equal(of(ask, [guest]), of(ask, [{ ...guest, status: 'stopped' }]));
    assert.notEqual(of(ask, [guest]), of(ask, [{ ...guest, vmid: 101 }]));
    const ended = { fact: 'ended-backups', server: 'ruapehu' } as Ask;
    assert.equal(of(ended, []), of(ended, [{ node: 'ruapehu', startedAt: 1, endedAt: 2, vmid: 100 }]));
  });
});
