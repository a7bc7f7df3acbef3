// When a disk is full, and what would give room: a proposal that an operator can follow line by line.
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RestorePoint } from '../model/restore-point.ts';
import { days } from '../values/duration.ts';
import { after } from '../values/instant.ts';
import { plain } from '../values/paint.ts';
import type { Keep } from '../values/retention.ts';
import { utc } from '../values/time-zone.ts';
import { cleanUpOf, shorter } from './clean-up.ts';
import { counted, daysAgo, nightly, now, point, seriesOf } from './figures.test-support.ts';
import { keptOf } from './outlook.ts';
import { routesAsText } from './routes-text.ts';
import { judgeTarget, type TargetLook } from './targets.ts';

const gibibyte = 2 ** 30;
const look = (free: number, points: TargetLook['points'], more: Partial<TargetLook> = {}): TargetLook => ({
  ...{ says: '/mnt/backup on pve', layers: points.map(({ layer }) => layer), unit: 'bytes', samples: [] },
  ...{ space: { free: free * gibibyte, total: 1000 * gibibyte, at: now }, points, unread: [], elsewhere: {} },
  ...more,
});
const daily = (layer: string, keep: Keep, count: number, size = 10) =>
  counted(
    layer,
    keep,
    nightly(layer, count, () => size * gibibyte),
  );
/** A month of days and a tail of months. */
const withTail = (layer: string, keep: Keep): ReturnType<typeof counted> => {
  const tail: readonly RestorePoint[] = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((month) =>
    point(layer, daysAgo(month * 30), 10 * gibibyte),
  );
  return counted(layer, keep, [...tail, ...nightly(layer, 14, () => 10 * gibibyte)]);
};

describe('a disk', () => {
  it('fills where nothing is let go of, and does not where as much goes as comes (control)', () => {
    const fills = judgeTarget(look(95, [daily('photos', { keep_all: 1 }, 10)]), now, utc);
    assert.deepEqual([fills.verdict, fills.daysToFull, fills.growth], ['fills', 10, 10 * gibibyte]);
    const fits = judgeTarget(look(95, [daily('photos', { keep_daily: 10 }, 10)]), now, utc);
    assert.deepEqual([fits.verdict, fits.daysToFull, fits.growth, fits.cleanUp], ['fits', undefined, 0, undefined]);
  });

  it('is full by what others write there, too: what was seen counts where it is sooner', () => {
    const samples = Array.from({ length: 14 }, (_, day) => ({
      ...{ at: daysAgo(13 - day), used: (900 + 5 * day) * gibibyte, total: 1000 * gibibyte },
    }));
    const judged = judgeTarget(look(35, [daily('photos', { keep_daily: 10 }, 10)], { samples }), now, utc);
    assert.deepEqual([judged.observed, judged.daysToFull, judged.verdict], [5 * gibibyte, 7, 'fills']);
  });

  it('is unknown, and never fine, where it could not be looked at, or its points not read, or nothing tells its growth', () => {
    const dark = judgeTarget(look(0, [], { space: { unknown: 'no answer within 1m' } }), now, utc);
    assert.deepEqual([dark.verdict, dark.daysToFull], ['unknown', undefined]);
    const unread = look(500, [daily('photos', { keep_daily: 10 }, 10)], { unread: [{ layer: 'music', says: 'gone' }] });
    assert.equal(judgeTarget(unread, now, utc).verdict, 'unknown');
    const young = judgeTarget(look(500, [daily('photos', { keep_daily: 10 }, 2)]), now, utc);
    assert.equal(young.verdict, 'unknown');
    assert.match(young.unknown.join(), /a source of photos will grow: fewer than three points/);
  });

  it('of a PBS goes by its own estimate, and says where that has none', () => {
    const fullAt = after(now, days(20.5));
    assert.equal(judgeTarget(look(500, [], { fullAt }), now, utc).daysToFull, 20);
    const none = judgeTarget(look(500, [], { fullAt: null }), now, utc);
    assert.deepEqual([none.verdict, none.unknown.length], ['unknown', 1]);
  });
});

describe('what would give room', () => {
  const policy = (of: ReturnType<typeof counted>, elsewhere: readonly string[] = []) => ({
    ...{ layer: of.layer, keep: of.keep, series: [seriesOf(of.layer, of.keep, of.points)], elsewhere },
  });
  const room = (free: number, ...policies: readonly ReturnType<typeof policy>[]) =>
    cleanUpOf(policies, { now, zone: utc, horizonDays: 90, free: free * gibibyte });
  const long: Keep = { keep_daily: 14, keep_monthly: 12 };

  it('is the tail first, of what lies elsewhere, too; and only as much as is needed', () => {
    const { steps, enough } = room(-25, policy(withTail('alone', long)), policy(withTail('copied', long), ['offsite']));
    assert.equal(enough, true);
    assert.deepEqual(
      steps.map(({ layer, from, to, removes, elsewhere }) => ({
        layer,
        from,
        to,
        oldest: removes[0]?.takenAt,
        elsewhere,
      })),
      [
        {
          ...{ layer: 'copied', from: long, to: { keep_daily: 14, keep_monthly: steps[0]?.to.keep_monthly } },
          ...{ oldest: daysAgo(360), elsewhere: ['offsite'] },
        },
      ],
    );
    assert.equal(
      room(-25, policy(withTail('alone', long))).steps[0]?.layer,
      'alone',
      'control: where nothing lies elsewhere',
    );
  });

  it('is nothing where everything fits (control)', () => {
    assert.deepEqual(room(500, policy(withTail('photos', long))), { steps: [], enough: true, missing: 0 });
  });

  it('says what is missing where even one point of each is too much', () => {
    const { enough, missing } = room(-10_000, policy(withTail('photos', long)));
    assert.deepEqual([enough, missing > 9000 * gibibyte], [false, true]);
  });

  it('never takes what is held, nor the newest point, whatever there is and however little room', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ age: fc.nat(800), size: fc.integer({ min: 1, max: 50 }), held: fc.boolean() }), {
          minLength: 1,
          maxLength: 25,
        }),
        fc.record({ keep_daily: fc.nat(9), keep_weekly: fc.nat(5), keep_monthly: fc.nat(5) }),
        fc.integer({ min: -500, max: 100 }),
        (made, keep, free) => {
          const points = made.map(({ age, size, held }, index) =>
            point('a', after(daysAgo(age), days(index / 1000)), size * gibibyte, held ? { held: 'evidence' } : {}),
          );
          const of = policy(counted('a', keep, points));
          const newest = of.series[0]?.points.at(-1)?.id;
          const gone = new Set(room(free, of).steps.flatMap(({ removes }) => removes.map(({ id }) => id)));
          assert.ok(newest !== undefined && !gone.has(newest));
          for (const { manifest, held } of points) assert.ok(held === undefined || !gone.has(manifest.id));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives what it says: the points it names are those that the new rules let go, and their bytes are the sum', () => {
    const of = withTail('photos', long);
    const [step] = room(-55, policy(of)).steps;
    assert.ok(step !== undefined && step.removes.length > 0);
    const { points } = seriesOf('photos', long, of.points);
    const before = keptOf(points, step.from, utc);
    const behind = keptOf(points, step.to, utc);
    assert.deepEqual(
      step.removes.map(({ id }) => id),
      points.map(({ id }) => id).filter((id) => before.has(id) && !behind.has(id)),
    );
    assert.equal(step.gives, step.removes.length * 10 * gibibyte);
  });

  it('ends: every policy becomes shorter until one point is left', () => {
    const lengths: Keep[] = [];
    for (let keep: Keep | undefined = { keep_all: 1 }; keep !== undefined; keep = shorter(keep)) lengths.push(keep);
    assert.deepEqual(lengths.at(-1), { keep_daily: 1 });
    assert.equal(shorter({ keep_last: 1 }), undefined);
  });

  it('is text that can be followed line by line', (t) => {
    const judged = judgeTarget(
      look(15, [withTail('databases', { keep_all: 1 }), daily('photos', { keep_daily: 60 }, 10, 1)], {
        elsewhere: { databases: ['offsite'] },
      }),
      ...([now, utc] as const),
    );
    const nothing = { ways: [], gaps: [], duplicates: [], circles: [], leftOut: [], overdue: [] };
    const file = join(resolve(import.meta.dirname, '..', '..'), 'test', 'golden', 'clean-up.routes.txt');
    t.assert.fileSnapshot(routesAsText(nothing, [judged], plain), file, { serializers: [String] });
  });
});
