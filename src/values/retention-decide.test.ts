import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Instant, instantAt, parseInstant } from './instant.ts';
import type { Keep } from './retention.ts';
import vectors from './retention.vectors.json' with { type: 'json' };
import { decideRetention, type RetentionOptions, type RetentionPoint } from './retention-decide.ts';
import { parseTimeZone, type TimeZone, utc } from './time-zone.ts';

const moment = (text: string): Instant => {
  const known = parseInstant(text);
  assert.ok(known, text);
  return known;
};
const zone = (name: string): TimeZone => {
  const known = parseTimeZone(name);
  assert.ok(known, name);
  return known;
};
const point = (takenAt: string, rest: Partial<RetentionPoint> = {}): RetentionPoint => ({
  id: takenAt,
  takenAt: moment(takenAt),
  finished: true,
  ...rest,
});
const kept = (points: readonly RetentionPoint[], keep: Keep, name = 'UTC', options: RetentionOptions = {}) =>
  decideRetention(points, keep, zone(name), options)
    .filter(({ verdict }) => verdict === 'keep')
    .map((one) => one.point);
const idsOf = (points: readonly RetentionPoint[]): readonly string[] => points.map(({ id }) => id);

describe('which restore points stay', () => {
  for (const { name, zone: zoneName, keep, points } of vectors)
    it(`selects as Proxmox Backup Server does: ${name}`, () => {
      const shuffled = [...points].reverse().map((one) => ({ ...point(one.takenAt), ...flagsOf(one) }));
      const said = decideRetention(shuffled, keep, zone(zoneName));
      assert.deepEqual(
        said.map(({ point: { id }, verdict, rule }) => `${id} ${verdict} ${rule}`),
        points.map(({ takenAt, verdict, rule }) => `${takenAt} ${verdict} ${rule}`),
      );
    });

  it('says in the reference what it decides, word for word', () => {
    const page = readFileSync(new URL('../../docs/reference/retention.md', import.meta.url), 'utf8');
    const rows = [
      ...page.matchAll(/^\| (\d{4}-\d\d-\d\d \d\d:\d\d) \| (unfinished|protected)? ?\| (kept.*|removed.*) \|$/gm),
    ];
    const keep = Object.fromEntries(
      [...page.matchAll(/^ {2}(keep_\w+): (\d+)/gm)].map(([, rule, n]) => [rule, Number(n)]),
    );
    const points = rows.map(([, at = '', flag]) =>
      point(`${at.replace(' ', 'T')}Z`, flag === 'unfinished' ? { finished: false } : flag ? { protected: true } : {}),
    );
    assert.ok(rows.length > 10, `${rows.length} rows`);
    assert.deepEqual(
      decideRetention(points, keep, utc).map(({ because }) => because),
      rows.map(([, , , because]) => because),
    );
  });

  it('keeps everything where no rule is set, unfinished points too', () => {
    const points = [point('2026-01-02T00:00:00Z'), point('2026-01-01T00:00:00Z', { finished: false })];
    for (const keep of [{}, { keep_all: 1 }, { keep_daily: 0 }])
      assert.deepEqual(
        decideRetention(points, keep, utc).map(({ rule }) => rule),
        ['keep-all', 'keep-all'],
      );
    assert.equal(kept(points, { keep_daily: 9 }).length, 1, 'with a rule the unfinished one goes');
  });

  it('gives a held or protected point no place among the others', () => {
    const points = [
      point('2026-01-03T12:00:00Z', { held: 'the source shrank by half' }),
      point('2026-01-03T06:00:00Z'),
      point('2026-01-02T12:00:00Z', { protected: true }),
      point('2026-01-01T12:00:00Z'),
      point('2025-12-31T12:00:00Z', { held: 'incident 12', finished: false }),
      point('2025-12-30T12:00:00Z'),
    ];
    const said = decideRetention(points, { keep_daily: 2 }, utc);
    assert.deepEqual(
      said.map(({ rule }) => rule),
      ['held', 'daily', 'protected', 'daily', 'held', 'unclaimed'],
    );
    assert.match(said[0]?.because ?? '', /held \(the source shrank by half\)/);
  });

  it('keeps the last point that is not known to be bad, where a layer asks for that', () => {
    const bad = { bad: 'verification failed' };
    const points = [
      point('2026-01-04T00:00:00Z', { finished: false }),
      point('2026-01-03T00:00:00Z', bad),
      point('2026-01-02T00:00:00Z', bad),
      point('2026-01-01T00:00:00Z'),
      point('2025-12-31T00:00:00Z'),
    ];
    const ids = idsOf(points);
    assert.deepEqual(idsOf(kept(points, { keep_last: 2 })), ids.slice(0, 3), 'without it the good one would go');
    assert.deepEqual(idsOf(kept(points, { keep_last: 2 }, 'UTC', { lastGood: true })), ids.slice(0, 4));
    const rescued = decideRetention(points, { keep_last: 2 }, utc, { lastGood: true })[3];
    assert.deepEqual([rescued?.verdict, rescued?.rule], ['keep', 'last-good']);
  });

  it('does not take the same month or week of two years for one', () => {
    const points = [point('2026-01-14T12:00:00Z'), point('2025-01-15T12:00:00Z')];
    for (const keep of [{ keep_monthly: 2 }, { keep_weekly: 2 }, { keep_daily: 2 }, { keep_yearly: 2 }])
      assert.equal(kept(points, keep).length, 2, JSON.stringify(keep));
  });

  it('parts days at the midnight of the zone it was given', () => {
    const points = [point('2026-07-01T22:30:00Z'), point('2026-07-01T21:30:00Z')];
    assert.equal(kept(points, { keep_daily: 5 }, 'UTC').length, 1);
    assert.equal(kept(points, { keep_daily: 5 }, 'Europe/Berlin').length, 2);
  });

  it('takes the hour that autumn repeats for one hour', () => {
    const points = [point('2026-10-25T01:30:00Z'), point('2026-10-25T00:30:00Z'), point('2026-10-24T23:30:00Z')];
    assert.deepEqual(idsOf(kept(points, { keep_hourly: 9 }, 'Europe/Berlin')), [points[0]?.id, points[2]?.id]);
  });

  it('has nothing more to remove when it is asked again', () => {
    fc.assert(
      fc.property(anyPoints, anyKeep, fc.boolean(), (points, keep, lastGood) => {
        const survivors = kept(points, keep, 'Europe/Berlin', { lastGood });
        assert.deepEqual(idsOf(kept(survivors, keep, 'Europe/Berlin', { lastGood })), idsOf(survivors));
      }),
    );
  });

  it('never removes a newest finished, a protected or a held point, and gives each point one verdict', () => {
    fc.assert(
      fc.property(anyPoints, anyKeep, (points, keep) => {
        const said = decideRetention(points, keep, utc);
        assert.deepEqual(idsOf(said.map((one) => one.point)).toSorted(), idsOf(points).toSorted());
        const removed = said.filter(({ verdict }) => verdict === 'remove').map((one) => one.point);
        assert.ok(!removed.some((one) => one.protected === true || one.held !== undefined));
        const newest = said.find((one) => one.point.finished)?.point;
        assert.ok(newest === undefined || !removed.includes(newest));
      }),
    );
  });

  it('removes no more when a rule keeps more, as long as weeks do not stand beside months or years', () => {
    fc.assert(
      fc.property(
        anyPoints,
        anyKeep,
        fc.constantFrom(...ruleNames),
        fc.integer({ min: 1, max: 3 }),
        (points, any, rule, more) => {
          const weeks = (any.keep_weekly ?? 0) > 0 || rule === 'keep_weekly';
          const keep: Keep = weeks ? { ...any, keep_monthly: 0, keep_yearly: 0 } : any;
          fc.pre(!(weeks && (rule === 'keep_monthly' || rule === 'keep_yearly')));
          fc.pre(kept(points, keep).length < points.length);
          const wider = kept(points, { ...keep, [rule]: (keep[rule] ?? 0) + more });
          assert.deepEqual(
            idsOf(kept(points, keep)).filter((id) => !idsOf(wider).includes(id)),
            [],
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('can let a point go when weeks are added beside months: a removal by an earlier rule is final', () => {
    const points = [point('2026-03-01T18:00:00Z'), point('2026-02-28T18:00:00Z'), point('2026-02-20T18:00:00Z')];
    const ids = idsOf(points);
    assert.deepEqual(idsOf(kept(points, { keep_monthly: 2 })), [ids[0], ids[1]]);
    assert.deepEqual(idsOf(kept(points, { keep_weekly: 1, keep_monthly: 2 })), [ids[0], ids[2]]);
  });
});

function flagsOf(flags: object): Partial<RetentionPoint> {
  return { finished: !('unfinished' in flags), protected: 'protected' in flags };
}

const ruleNames = ['keep_last', 'keep_hourly', 'keep_daily', 'keep_weekly', 'keep_monthly', 'keep_yearly'] as const;
const limit = fc.integer({ min: 0, max: 4 });
const anyKeep: fc.Arbitrary<Keep> = fc.record(
  {
    keep_last: limit,
    keep_hourly: limit,
    keep_daily: limit,
    keep_weekly: limit,
    keep_monthly: limit,
    keep_yearly: limit,
  },
  { requiredKeys: [] },
);

// Gaps from minutes to months, so that every rule finds duplicates as well as empty stretches; around the turn of a year.
const gap = fc.oneof(
  fc.integer({ min: 60, max: 7200 }),
  fc.integer({ min: 3600, max: 172_800 }),
  fc.integer({ min: 86_400, max: 60 * 86_400 }),
);
const flags = fc.record({
  finished: fc.integer({ min: 0, max: 6 }).map((one) => one > 0),
  protected: fc.integer({ min: 0, max: 8 }).map((one) => one === 0),
  held: fc.option(fc.constant('an incident'), { nil: undefined, freq: 8 }),
  bad: fc.option(fc.constant('verification failed'), { nil: undefined, freq: 3 }),
});
const anyPoints = fc
  .tuple(fc.integer({ min: 1_766_000_000, max: 1_800_000_000 }), fc.array(fc.tuple(gap, flags), { maxLength: 40 }))
  .map(([start, steps]) => {
    let at = start;
    return steps.map(([step, rest]): RetentionPoint => {
      at -= step;
      return { id: String(at), takenAt: instantAt(at * 1000), ...rest };
    });
  });
