import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { offsetAt, parseTimeZone, type TimeZone, timeZoneProblem, utc } from './time-zone.ts';

const zone = (name: string): TimeZone => {
  const known = parseTimeZone(name);
  assert.ok(known, name);
  return known;
};

// Among them: half hours, a day that was left out (Apia 2011), summer time of half an hour, changes at midnight, a zone whose
// summer time is the negative of its winter time, and one that stops it for Ramadan.
const zones = ['Europe/Berlin', 'America/New_York', 'America/Santiago', 'Asia/Kolkata', 'Pacific/Apia', 'UTC'].concat([
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Europe/Dublin',
  'America/Havana',
]);

describe('time zones', () => {
  it('gives the offset that holds at any second since 1950, also on the days when clocks change', () => {
    const epochs = fc.integer({ min: -631_152_000, max: 2_524_608_000 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), epochs, (name, at) => {
        assert.equal(offsetAt(at, zone(name)), temporalOffset(name, at));
      }),
      { numRuns: 400 },
    );
  });

  it('changes the offset at the very second', () => {
    for (const name of zones) {
      let moment = Temporal.Instant.from('2010-06-01T00:00:00Z').toZonedDateTimeISO(name);
      for (let change = 0; change < 6; change += 1) {
        const next = moment.getTimeZoneTransition('next');
        if (next === null) break;
        const at = next.epochMilliseconds / 1000;
        assert.equal(offsetAt(at - 1, zone(name)), temporalOffset(name, at - 1), `${name} before ${next}`);
        assert.equal(offsetAt(at, zone(name)), temporalOffset(name, at), `${name} from ${next}`);
        assert.notEqual(offsetAt(at - 1, zone(name)), offsetAt(at, zone(name)));
        moment = next;
      }
    }
  });

  it('knows the sun time of a city from before there were zones', () => {
    assert.equal(offsetAt(-2_500_000_000, zone('Europe/Berlin')), 53 * 60 + 28);
    assert.equal(offsetAt(-2_800_000_000, zone('America/New_York')), -(4 * 3600 + 56 * 60 + 2));
  });

  it('takes a name in any case and gives it as the zone writes it', () => {
    assert.equal(parseTimeZone('europe/berlin'), 'Europe/Berlin');
    assert.equal(parseTimeZone('US/Eastern'), 'US/Eastern');
    assert.equal(parseTimeZone('UTC'), utc);
    assert.equal(offsetAt(1_782_000_000, zone('Etc/UTC')), 0);
  });

  it('refuses what is no zone, and says why', () => {
    for (const name of ['', 'Europe/Belin', 'CEST', 'Local', 'Europe/Berlin ', '../etc/passwd']) {
      assert.equal(parseTimeZone(name), undefined, name);
      assert.match(timeZoneProblem(name) ?? '', /no time zone known here/);
    }
    assert.match(timeZoneProblem('+02:00') ?? '', /is an offset/);
    assert.equal(timeZoneProblem('Europe/Berlin'), undefined);
  });
});

function temporalOffset(name: string, at: number): number {
  return Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO(name).offsetNanoseconds / 1e9;
}
