// What points take, how that goes on, and when a disk is full of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { days } from '../values/duration.ts';
import { after } from '../values/instant.ts';
import { utc } from '../values/time-zone.ts';
import { counted, daysAgo, generations, nightly, now, only, point, seriesOf } from './figures.test-support.ts';
import { keepSamples, observedGrowth, type Sample } from './observed-growth.ts';
import { fullOn, outlookOf } from './outlook.ts';
import { countSeries, everyPoint, paceOf, storedBytes } from './series.ts';

const asked = { now, zone: utc, horizonDays: 60 };

describe('what points take', () => {
  it('is the sum of those that share nothing, and of generations what each added (reality 1.2x)', () => {
    const plain = seriesOf(
      'a',
      {},
      nightly('a', 3, () => 10),
    );
    assert.equal(storedBytes(plain.points, everyPoint(plain.points)), 30);
    const shared = seriesOf('a', {}, generations('a', 3, 100, 5));
    assert.equal(storedBytes(shared.points, everyPoint(shared.points)), 110);
  });

  it('of generations of which the oldest go is what the oldest left still holds: 5 of 110 come free, not 100', () => {
    const { points } = seriesOf('a', {}, generations('a', 3, 100, 5));
    assert.equal(storedBytes(points, only(points, 1, 2)), 105);
    assert.equal(storedBytes(points, only(points, 0, 2)), 110, 'from between, nothing is promised');
    assert.equal(storedBytes(points, only(points, 2)), 100);
  });

  it('is never more than all of it, whichever points stay', () => {
    const amount = fc.record({ whole: fc.nat(1000), added: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, fc.boolean()), { maxLength: 12 }), (made) => {
        const points = made.map(([{ whole, added }], index) => ({
          ...{ id: `${index}`, takenAt: daysAgo(99 - index), held: undefined, whole },
          added: index === 0 ? whole : Math.min(whole, added),
        }));
        const kept = new Set(points.filter((_, index) => made[index]?.[1]).map(({ id }) => id));
        const all = storedBytes(points, everyPoint(points));
        assert.ok(storedBytes(points, kept) <= all);
      }),
    );
  });

  it('is unknown where the layer says so, and then nothing is made up', () => {
    const takes = { what: 'unknown', because: 'LVM does not tell' } as const;
    assert.deepEqual(countSeries(counted('volumes', {}, [point('volumes', now, 5, { takes })])), {
      series: [],
      unknown: 'LVM does not tell',
    });
  });
});

describe('how it goes on', () => {
  it('is told by medians: one odd night moves nothing', () => {
    const steady = seriesOf(
      'a',
      {},
      nightly('a', 10, () => 10),
    );
    const odd = seriesOf(
      'a',
      {},
      nightly('a', 10, (index) => (index === 5 ? 10_000 : 10)),
    );
    assert.deepEqual(paceOf(steady, now), { every: days(1), added: 10, grows: 0 });
    assert.deepEqual(paceOf(odd, now), paceOf(steady, now));
    assert.equal(
      paceOf(
        seriesOf(
          'a',
          {},
          nightly('a', 10, (index) => 10 + index),
        ),
        now,
      )?.grows,
      1,
      'control: what grows',
    );
  });

  it('is not told by two points, nor by old ones', () => {
    assert.equal(
      paceOf(
        seriesOf(
          'a',
          {},
          nightly('a', 2, () => 10),
        ),
        now,
      ),
      undefined,
    );
    const old = nightly('a', 10, () => 10).map((one, index) => point('a', daysAgo(99 - index), one.bytes));
    assert.equal(paceOf(seriesOf('a', {}, old), now), undefined);
  });

  it('ends where retention lets go of as much as comes: seven daily points stay seven', () => {
    const full = seriesOf(
      'a',
      { keep_daily: 7 },
      nightly('a', 7, () => 10),
    );
    assert.deepEqual(new Set(outlookOf(full, asked)), new Set([70]));
    const young = seriesOf(
      'a',
      { keep_daily: 14 },
      nightly('a', 7, () => 10),
    );
    assert.equal(outlookOf(young, asked).at(-1), 140, 'it fills up to what is kept, and no further');
    const forever = seriesOf(
      'a',
      { keep_all: 1 },
      nightly('a', 7, () => 10),
    );
    assert.equal(outlookOf(forever, asked).at(-1), 670, 'control: with no rule it goes on');
  });

  it('says the first day without room, and none where it fits (reality 2.16)', () => {
    const forever = outlookOf(
      seriesOf(
        'a',
        { keep_all: 1 },
        nightly('a', 7, () => 10),
      ),
      asked,
    );
    assert.equal(fullOn(forever, 95), 10);
    assert.equal(fullOn(forever, 600), undefined);
  });

  it('holds what is held, whatever the rules say', () => {
    const held = nightly('a', 7, () => 10).map((one, index) => (index === 0 ? { ...one, held: 'evidence' } : one));
    assert.equal(outlookOf(seriesOf('a', { keep_daily: 2 }, held), asked).at(-1), 30);
    assert.equal(
      outlookOf(
        seriesOf(
          'a',
          { keep_daily: 2 },
          nightly('a', 7, () => 10),
        ),
        asked,
      ).at(-1),
      20,
      'control',
    );
  });
});

describe('how a disk was seen to fill', () => {
  const seen = (used: (day: number) => number, count = 14, total = 1000): readonly Sample[] =>
    Array.from({ length: count }, (_, day) => ({ at: daysAgo(count - 1 - day), used: used(day), total }));

  it('is the median of all slopes: a large file and a night of removals move nothing', () => {
    assert.equal(
      observedGrowth(
        seen((day) => 100 + 3 * day),
        now,
      ),
      3,
    );
    assert.equal(
      observedGrowth(
        seen((day) => 100 + 3 * day + (day === 6 ? 500 : 0)),
        now,
      ),
      3,
    );
  });

  it('is unknown with few looks, with looks of one day, and right after the disk was changed', () => {
    assert.equal(
      observedGrowth(
        seen((day) => day, 4),
        now,
      ),
      undefined,
    );
    const oneDay = Array.from({ length: 9 }, (_, index) => ({
      at: after(now, days(-index / 24)),
      used: index,
      total: 1000,
    }));
    assert.equal(observedGrowth(oneDay, now), undefined);
    const changed = [...seen((day) => day, 14).slice(0, -1), { at: now, used: 5, total: 4000 }];
    assert.equal(observedGrowth(changed, now), undefined);
    assert.equal(
      observedGrowth(
        seen((day) => day, 5),
        now,
      ),
      1,
      'control',
    );
  });

  it('is kept a look a day, and for eight weeks', () => {
    const old = { at: daysAgo(60), used: 1, total: 2 };
    const today = { at: now, used: 1, total: 2 };
    const later = { at: after(now, days(0.1)), used: 2, total: 2 };
    assert.deepEqual(keepSamples([old, today], later), [later]);
  });
});
