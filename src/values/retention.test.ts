import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareKeep, type Keep, type KeepChange, keepSchema, normaliseKeep } from './retention.ts';

const problemsOf = (value: unknown): readonly string[] =>
  keepSchema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];

describe('what an estate says about retention', () => {
  it('takes the rules of S1, each a whole number', () => {
    for (const keep of [{ keep_daily: 7, keep_weekly: 4, keep_monthly: 3 }, { keep_all: 1 }, { keep_last: 0 }, {}])
      assert.deepEqual(keepSchema.parse(keep), keep);
  });

  it('refuses keep_all beside another rule, but not beside zeros', () => {
    assert.deepEqual(problemsOf({ keep_all: 1, keep_daily: 7, keep_last: 2 }), [
      'keep_all keeps every point, so it cannot stand beside keep_last and keep_daily',
    ]);
    assert.deepEqual(problemsOf({ keep_all: 1, keep_daily: 0 }), []);
    assert.deepEqual(problemsOf({ keep_all: 0, keep_daily: 7 }), []);
  });

  it('says what is wrong with a number', () => {
    assert.deepEqual(problemsOf({ keep_daily: '7' }), ['keep_daily is a whole number of points, such as 7']);
    assert.deepEqual(problemsOf({ keep_daily: 1.5 }), ['keep_daily is a whole number of points, such as 7']);
    assert.deepEqual(problemsOf({ keep_weekly: -1 }), ['keep_weekly cannot be below 0']);
    for (const keep_all of [true, 2, 'yes'])
      assert.deepEqual(problemsOf({ keep_all }), ['keep_all is 1 (keep every point) or 0']);
    assert.equal(problemsOf({ keep_dayly: 7 }).length, 1);
  });

  it('gives one spelling to every way of saying the same', () => {
    const everything = [
      {},
      { keep_all: 1 },
      { keep_all: 0 },
      { keep_last: 0, keep_daily: 0 },
      { keep_all: 1, keep_last: 0 },
    ];
    for (const keep of everything) assert.deepEqual(normaliseKeep(keep), { keep_all: 1 });
    const normal = normaliseKeep({ keep_yearly: 1, keep_all: 0, keep_daily: 7, keep_last: 0, keep_weekly: undefined });
    assert.deepEqual(Object.entries(normal), [
      ['keep_daily', 7],
      ['keep_yearly', 1],
    ]);
  });

  it('calls a change shorter as soon as a rule keeps less, and mixed where another keeps more', () => {
    const cases: [Keep, Keep, KeepChange][] = [
      [{ keep_daily: 7 }, { keep_daily: 14 }, 'longer'],
      [{ keep_daily: 7 }, { keep_daily: 7, keep_yearly: 1 }, 'longer'],
      [{ keep_daily: 7 }, { keep_daily: 6 }, 'shorter'],
      [{ keep_daily: 7, keep_last: 1 }, { keep_daily: 7 }, 'shorter'],
      [{ keep_daily: 7 }, { keep_weekly: 7 }, 'mixed'],
      [{ keep_daily: 7 }, { keep_all: 1 }, 'longer'],
      [{ keep_daily: 7 }, { keep_daily: 0 }, 'longer'],
      [{}, { keep_daily: 999 }, 'shorter'],
      [{ keep_all: 1 }, {}, 'same'],
      [{ keep_daily: 7, keep_last: 0 }, { keep_daily: 7, keep_all: 0 }, 'same'],
    ];
    for (const [from, to, change] of cases)
      assert.equal(compareKeep(from, to), change, `${JSON.stringify(from)} to ${JSON.stringify(to)}`);
  });

  it('never calls a change longer that is shorter the other way round', () => {
    const anyKeep = fc.record(
      { keep_last: fc.nat(3), keep_daily: fc.nat(3), keep_weekly: fc.nat(3), keep_all: fc.constant(0) },
      { requiredKeys: [] },
    );
    const opposite = { longer: 'shorter', shorter: 'longer', same: 'same', mixed: 'mixed' } as const;
    fc.assert(
      fc.property(anyKeep, anyKeep, (from, to) => {
        assert.equal(compareKeep(to, from), opposite[compareKeep(from, to)]);
      }),
    );
  });
});
