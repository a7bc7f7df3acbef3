// What we say of each point, beside a second implementation that shares nothing with the first.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instantAt } from './instant.ts';
import type { Keep } from './retention.ts';
import { decideRetention, type RetentionPoint, type RetentionVerdict } from './retention-decide.ts';
import {
  type PlainAnswer,
  type PlainOptions,
  type PlainRule,
  type PlainSnapshot,
  plainBucket,
  plainPrune,
  plainRules,
} from './retention-plain.test-support.ts';
import { parseTimeZone } from './time-zone.ts';

// Half hours, changes at midnight, summer time of half an hour, and a whole day that was left out (Apia, 30 December 2011).
const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'America/Santiago', 'Australia/Lord_Howe'].concat([
  'Pacific/Apia',
  'Africa/Cairo',
  'Asia/Kolkata',
]);

describe('retention beside a second implementation', () => {
  it('gives each point the same verdict by the same rule, in every zone', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(anySnapshots, anyOptions, fc.constantFrom(...zones), (snapshots, options, zone) => {
        const plain = plainPrune(snapshots, options, zone);
        const ours = decide(snapshots, options, zone);
        assert.deepEqual(ours.map(shortOfOurs), plain.map(shortOfPlain));
        for (const { mark, by } of plain) seen.set(`${mark} ${by}`, (seen.get(`${mark} ${by}`) ?? 0) + 1);
      }),
      { numRuns: 800 },
    );
    for (const rule of plainRules)
      assert.ok((seen.get(`Keep ${rule}`) ?? 0) > 20, `hardly a point was kept as ${rule}`);
    for (const other of [
      'Remove daily',
      'Remove weekly',
      'Remove -',
      'KeepPartial unfinished',
      'Protected -',
      'Keep all',
    ])
      assert.ok((seen.get(other) ?? 0) > 5, `hardly a point was: ${other}`);
  });

  it('notices a rule that is off by one, a zone that is another, and a flag that is not looked at', () => {
    const differs = (change: (snapshots: Snapshots, options: PlainOptions) => ReturnType<typeof decide>): boolean =>
      fc.check(
        fc.property(anySnapshots, anyOptions, (snapshots, options) => {
          const plain = plainPrune(snapshots, options, 'Europe/Berlin').map(shortOfPlain);
          assert.deepEqual(change(snapshots, options).map(shortOfOurs), plain);
        }),
        { numRuns: 500, endOnFailure: true },
      ).failed;
    assert.ok(!differs((snapshots, options) => decide(snapshots, options, 'Europe/Berlin')));
    assert.ok(differs((all, options) => decide(all, { ...options, daily: (options.daily ?? 0) + 1 }, 'Europe/Berlin')));
    assert.ok(differs((all, options) => decide(all, options, 'Europe/Lisbon')));
    assert.ok(differs((all, options) => decide(all.map(withoutProtection), options, 'Europe/Berlin')));
  });

  it('keeps the newest finished point as soon as there is any rule', () => {
    fc.assert(
      fc.property(anySnapshots, anyOptions, fc.constantFrom(...zones), (snapshots, options, zone) => {
        const newest = decide(snapshots, options, zone).find(({ point }) => point.finished);
        assert.ok(newest === undefined || newest.verdict === 'keep');
      }),
    );
  });

  it('says the same whatever order the points come in', () => {
    const shuffled = anySnapshots.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, anyOptions, fc.constantFrom(...zones), ([list, other], options, zone) => {
        assert.deepEqual(decide(other, options, zone), decide(list, options, zone));
      }),
    );
  });

  it('lets no point go when one rule keeps more, unless weeks stand beside months or years', () => {
    const aloneOrBeside = fc.tuple(anyOptions, fc.constantFrom(...plainRules), fc.integer({ min: 1, max: 3 }));
    fc.assert(
      fc.property(anySnapshots, aloneOrBeside, fc.constantFrom(...zones), (snapshots, [any, rule, more], zone) => {
        const options: PlainOptions = { ...any, weekly: 0 };
        fc.pre(rule !== 'weekly' && plainRules.some((one) => (options[one] ?? 0) > 0));
        const wider = { ...options, [rule]: (options[rule] ?? 0) + more };
        for (const keptBy of [keptByUs, keptByPlain]) {
          const still = keptBy(snapshots, wider, zone);
          assert.deepEqual(
            keptBy(snapshots, options, zone).filter((time) => !still.includes(time)),
            [],
          );
        }
      }),
      { numRuns: 500 },
    );
    const [newest, older, oldest] = ['2026-03-01T18:00:00Z', '2026-02-28T18:00:00Z', '2026-02-20T18:00:00Z'].map(
      (text) => ({ time: Date.parse(text) / 1000, finished: true, protected: false }),
    );
    assert.ok(newest && older && oldest);
    for (const keptBy of [keptByUs, keptByPlain]) {
      assert.deepEqual(keptBy([newest, older, oldest], { monthly: 2 }, 'UTC'), [newest.time, older.time]);
      assert.deepEqual(keptBy([newest, older, oldest], { weekly: 1, monthly: 2 }, 'UTC'), [newest.time, oldest.time]);
    }
  });

  it('gives a reason for everything it keeps and removes, and the reason is true', () => {
    fc.assert(
      fc.property(anySnapshots, anyOptions, fc.constantFrom(...zones), (snapshots, options, zone) => {
        const said = decide(snapshots, options, zone);
        const places = new Map<string, number>();
        for (const one of said) {
          assert.match(one.because, one.verdict === 'keep' ? /^kept\b/ : /^removed: ./);
          const rule = plainRules.find((each) => each === one.rule);
          if (rule === undefined) continue;
          const bucket = plainBucket(rule, snapshotOf(one), zone);
          if (one.verdict === 'keep') {
            const place = (places.get(rule) ?? 0) + 1;
            places.set(rule, place);
            const which = rule === 'last' ? '' : ` (${bucket})`;
            assert.equal(one.because, `kept as ${rule} ${place} of ${options[rule]}${which}`);
          } else {
            assert.ok(one.because.includes(`${bucket} already has a newer ${rule} point`), one.because);
            const newer = said
              .slice(0, said.indexOf(one))
              .filter(({ rule: by, verdict }) => by === rule && verdict === 'keep');
            assert.ok(newer.some((other) => plainBucket(rule, snapshotOf(other), zone) === bucket));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

type Snapshots = readonly PlainSnapshot[];

const pointOf = ({ time, ...flags }: PlainSnapshot): RetentionPoint => ({
  ...{ id: String(time), takenAt: instantAt(time * 1000) },
  ...flags,
});
const snapshotOf = ({ point }: RetentionVerdict): PlainSnapshot => ({
  ...{ time: Number(point.id), finished: point.finished, protected: point.protected === true },
});
const withoutProtection = (snapshot: PlainSnapshot): PlainSnapshot => ({ ...snapshot, protected: false });

function decide(snapshots: Snapshots, options: PlainOptions, zone: string): readonly RetentionVerdict[] {
  const keep: Keep = Object.fromEntries(Object.entries(options).map(([rule, number]) => [`keep_${rule}`, number]));
  return decideRetention(snapshots.map(pointOf), keep, parseTimeZone(zone) ?? assert.fail(zone));
}

const keptByUs = (...asked: Parameters<typeof decide>): readonly number[] =>
  decide(...asked).flatMap((one) => (one.verdict === 'keep' ? [snapshotOf(one).time] : []));
const keptByPlain = (...asked: Parameters<typeof plainPrune>): readonly number[] =>
  plainPrune(...asked).flatMap(({ snapshot, mark }) => (mark === 'Remove' ? [] : [snapshot.time]));

const shortOfOurs = (one: RetentionVerdict): string => `${one.point.id} ${oursInPlain(one)}`;
function oursInPlain({ verdict, rule }: RetentionVerdict): string {
  const plainWords = {
    ...{ protected: 'Protected -', 'unfinished-newest': 'KeepPartial unfinished', unfinished: 'Remove unfinished' },
    ...{ unclaimed: 'Remove -', 'keep-all': 'Keep all' },
  };
  const words = Object.entries(plainWords).find(([name]) => name === rule)?.[1];
  return words ?? `${verdict === 'keep' ? 'Keep' : 'Remove'} ${rule}`;
}
const shortOfPlain = ({ snapshot: { time }, mark, by }: PlainAnswer): string =>
  `${time} ${mark === 'Protected' ? 'Protected -' : `${mark} ${by}`}`;

const number = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 2 });
const anyOptions: fc.Arbitrary<PlainOptions> = fc
  .tuple(...plainRules.map((rule) => number.map((one): [PlainRule, number | undefined] => [rule, one])))
  .map((pairs) => Object.fromEntries(pairs.filter(([, one]) => one !== undefined)));

// The turn of a year, days on which clocks change in one of the zones, and any other time.
const starts = [
  ...['2026-01-05T22:30:00Z', '2024-12-31T12:00:00Z', '2026-03-29T12:00:00Z', '2026-10-25T12:00:00Z'],
  ...['2011-12-31T12:00:00Z', '2026-09-07T12:00:00Z', '2026-04-06T03:00:00Z', '2026-04-25T12:00:00Z'],
].map((text) => Date.parse(text) / 1000);
const start = fc.oneof(fc.constantFrom(...starts), fc.integer({ min: 1_300_000_000, max: 1_800_000_000 }));
// Gaps from minutes to months, so that every rule finds both duplicates and empty stretches.
const gap = fc.oneof(
  fc.integer({ min: 60, max: 7200 }),
  fc.integer({ min: 3600, max: 172_800 }),
  fc.integer({ min: 86_400, max: 60 * 86_400 }),
);
const flags = fc.record({
  finished: fc.integer({ min: 0, max: 6 }).map((one) => one > 0),
  protected: fc.integer({ min: 0, max: 8 }).map((one) => one === 0),
});
const anySnapshots: fc.Arbitrary<Snapshots> = fc
  .tuple(start, fc.array(fc.tuple(gap, flags), { maxLength: 40, size: 'max' }))
  .map(([newest, steps]) => {
    let time = newest;
    return steps.map(([step, rest]) => {
      time -= step;
      return { time, ...rest };
    });
  });
