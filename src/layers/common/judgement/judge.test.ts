// The weighing alone, over every share and size.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Gathered } from './changes.ts';
import { noiseOf } from './content.ts';
import { type Evidence, judge } from './judge.ts';
import { thresholdsOf } from './thresholds.ts';

const limits = thresholdsOf();
const drawn = <Item>(items: readonly Item[]) => ({ items, of: items.length });
const none: Gathered = {
  ...{
    before: { files: 1000, bytes: 1e6 },
    after: { files: 1000, bytes: 1e6 },
    emptied: { files: 0, bytes: 0 },
    lost: 0,
  },
  ...{ endings: { all: 0, commonest: [] }, changed: drawn([]), fresh: drawn([]) },
};
const looked = (scrambled: number, others: number) => {
  const one = (content: 'scrambled' | 'as ever') => ({ path: Buffer.from('x'), content });
  const changed = [
    ...Array<0>(scrambled)
      .fill(0)
      .map(() => one('scrambled')),
    ...Array<0>(others)
      .fill(0)
      .map(() => one('as ever')),
  ];
  return {
    gathered: { ...none, changed: { items: [], of: changed.length } },
    looked: { changed, fresh: [] },
    canaries: [],
  };
};
const verdict = (evidence: Evidence) => judge(evidence, limits).verdict;
const files = fc.integer({ min: 0, max: 300 });

describe('the weighing', () => {
  it('never takes more damage for less', () =>
    fc.assert(
      fc.property(files, files, files, (scrambled, others, more) => {
        const [one, worse] = [verdict(looked(scrambled, others)), verdict(looked(scrambled + more, others))];
        assert.ok(one !== 'suspicious' || worse === 'suspicious');
      }),
    ));

  it('lets any number of changes pass of which none is damage', () =>
    fc.assert(fc.property(files, (others) => assert.equal(verdict(looked(0, others)), 'fine'))));

  it('takes half of anything for damage', () =>
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300 }), (number) =>
        assert.equal(verdict(looked(number, number)), 'suspicious'),
      ),
    ));

  it('takes one canary for enough, whatever else is fine, and says which', () => {
    const judged = judge({ ...looked(0, 5), canaries: [{ path: 'a/b.rtf', says: 'is gone' }] }, limits);
    assert.ok(judged.verdict === 'suspicious');
    assert.deepEqual([judged.reasons[0]?.says, judged.paths], ['the canary a/b.rtf is gone', ['a/b.rtf']]);
  });

  it('does not call fine what nobody could look into, or had nothing to be compared with', () => {
    assert.equal(verdict({ gathered: none, looked: 'perl is missing', canaries: [] }), 'not known');
    assert.equal(verdict({ gathered: undefined, looked: '', canaries: [] }), 'not known');
    assert.equal(verdict({ gathered: none, looked: { changed: [], fresh: [] }, canaries: [] }), 'fine', 'a control');
  });

  it('lists a hundred files at the most', () => {
    const paths = Array.from({ length: 5000 }, (_, at) => ({
      path: Buffer.from(`f${at}`),
      content: 'zeroed' as const,
    }));
    const judged = judge(
      { gathered: { ...none, changed: { items: [], of: 5000 } }, looked: { changed: paths, fresh: [] }, canaries: [] },
      limits,
    );
    assert.equal(judged.verdict === 'suspicious' && judged.paths.length, 100);
  });

  it('knows what noise looks like in a block of any length', () => {
    assert.ok(Math.abs(noiseOf(2048) - 7.91) < 0.02, `${noiseOf(2048)}`);
    assert.ok(noiseOf(128) > 6.4 && noiseOf(128) < 7, `${noiseOf(128)}`);
  });
});
