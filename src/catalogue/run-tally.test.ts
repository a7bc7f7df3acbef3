import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { withItemResults } from '../model/item-results.ts';
import type { ChildPlan } from '../model/plan.ts';
import type { Entry, StepEvent } from '../model/run.ts';
import type { Step } from '../model/step.ts';
import { minutes } from '../values/duration.ts';
import { instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { tallyOf } from './run-tally.ts';

const step = (id: string): Step => ({
  ...{ id, kind: 'x', subject: ref('volume', id), act: 'create', title: `snapshot of ${id}`, because: [], changes: [] },
  ...{ after: [], lanes: [], risk: 'adds', needs: [], expects: [], given: null, wayBack: 'undo', expands: false },
  patience: minutes(1),
});
const entries = (...events: readonly (readonly [string, StepEvent])[]): Entry[] =>
  events.map(([path, event], index) => ({ sequence: index, run: 'r', path, at: instantAt(index), ...event }));
const fault = (says: string) => new Fault('x', { where: 'w', says, remedy: 'r' }).toJSON();
const doneWith = (result: object | null): StepEvent => ({ event: 'done', result: result as never, degraded: [] });
const trying: StepEvent = { event: 'trying' };

const names = Array.from({ length: 77 }, (_, index) => `ns/claim-${index}`);
const child: ChildPlan = {
  ...{ because: [], notes: [], afterFailure: 'alone', steps: names.map(step) },
  itemResults: {
    expected: names.map((name) => ({ name, workload: name, step: name })),
    excluded: [{ name: 'dbaas/pg', workload: 'dbaas/pg', because: 'dumped by its own layer' }],
    pools: [{ machine: 'pve', volumeGroup: 'pve', pool: 'data', dataPercent: 62, metadataPercent: 20 }],
  },
};
const item = (name: string, bytes = 10) =>
  withItemResults({ lv: name }, { items: [{ name, workload: name, done: true, bytes }] });
const did = (name: string): (readonly [string, StepEvent])[] => [
  [`discover>${name}`, trying],
  [`discover>${name}`, doneWith(item(name) as object)],
];

describe('what a run was to do against what it did', () => {
  it('names the one volume of 77 that is missing, and why (reality 2.4)', () => {
    const [bad = '', ...good] = names;
    const tally = tallyOf(
      entries(
        ['discover', trying],
        ['discover', { event: 'expanded', plan: child }],
        [`discover>${bad}`, trying],
        [`discover>${bad}`, { event: 'failed', fault: fault('mount did not answer within 2m') }],
        ...good.flatMap(did),
        ['discover', doneWith(null)],
      ),
      [step('discover')],
    );
    assert.deepEqual(
      { expected: tally.expected, done: tally.done, missing: tally.missing },
      { expected: 77, done: 76, missing: [{ name: bad, workload: bad, says: 'mount did not answer within 2m' }] },
    );
    assert.equal(tally.bytes, 760);
    assert.deepEqual(
      tally.excluded.map(({ name }) => name),
      ['dbaas/pg'],
      'left out on purpose is not missing',
    );
    assert.equal(tally.pools[0]?.dataPercent, 62);
  });

  it('counts once what a layer says twice, in its plan and in its result: what it said last', () => {
    const pools = [{ machine: 'pve', volumeGroup: 'pve', pool: 'data', dataPercent: 63, metadataPercent: 20 }];
    const said = withItemResults({}, { ...child.itemResults, pools });
    const tally = tallyOf(
      entries(
        ['discover', trying],
        ['discover', { event: 'expanded', plan: child }],
        ['discover', doneWith(said as object)],
      ),
      [step('discover')],
    );
    assert.deepEqual([tally.expected, tally.excluded.length, tally.pools], [77, 1, pools]);
  });

  it('knows what was expected of a run that was killed in the middle (reality 2.3)', () => {
    const [first = '', second = ''] = names;
    const tally = tallyOf(
      entries(['discover', trying], ['discover', { event: 'expanded', plan: child }], ...did(first), [
        `discover>${second}`,
        trying,
      ]),
      [step('discover')],
    );
    assert.equal(tally.expected, 77);
    assert.equal(tally.done, 1);
    const why = new Map(tally.missing.map(({ name, says }) => [name, says]));
    assert.equal(why.get(second), 'the run ended while it was being done');
    assert.equal(why.get(names[2] ?? ''), 'the run ended before it');
  });

  it('counts what has no step at all: a volume whose newest snapshot is too old is missing, not fine (reality 1.2h)', () => {
    const stale = { name: 'a', workload: 'a', says: 'its newest snapshot is 3d old' };
    const tally = tallyOf(
      entries(['open', trying], ['open', doneWith(withItemResults({}, { expected: [stale] }) as object)]),
      [step('open')],
    );
    assert.deepEqual(tally.missing, [stale]);
  });

  it('takes an item that is there but weaker than promised for missing', () => {
    const weak = { name: 'a.db', workload: 'a', done: false, says: 'copied byte by byte, not through its own backup' };
    const tally = tallyOf(
      entries(['copy', trying], ['copy', doneWith(withItemResults({}, { items: [weak] }) as object)]),
      [step('copy')],
    );
    assert.deepEqual([tally.expected, tally.done, tally.missing[0]?.says], [1, 0, weak.says]);
  });

  it('does not count what was led back', () => {
    const tally = tallyOf(
      entries(['copy', trying], ['copy', doneWith(item('a') as object)], ['copy', { event: 'undone' }]),
      [step('copy')],
    );
    assert.equal(tally.done, 0);
    assert.equal(tally.bytes, undefined);
  });

  it('counts steps where a layer knows no items, with what lies in the point it made', () => {
    const whole = entries(
      ['open', trying],
      ['open>copy', trying],
      ['open>copy', doneWith({ point: 'p', bytes: 5 })],
      ['open', doneWith({})],
    );
    const tally = tallyOf(whole, [step('open')]);
    assert.deepEqual([tally.expected, tally.done, tally.bytes], [1, 1, 5]);
    const failed = tallyOf(entries(['open', trying], ['open', { event: 'failed', fault: fault('no image') }]), [
      step('open'),
    ]);
    assert.deepEqual([failed.expected, failed.done, failed.missing[0]?.says], [1, 0, 'no image']);
  });

  it('does not call a step whole that says itself that something is missing', () => {
    const tally = tallyOf(
      entries(
        ['open', trying],
        ['open>copy', { event: 'done', result: null, degraded: ['ACLs were not listed'] }],
        ['open', doneWith({})],
      ),
      [step('open')],
    );
    assert.deepEqual([tally.done, tally.missing[0]?.says], [0, 'ACLs were not listed']);
  });
});
