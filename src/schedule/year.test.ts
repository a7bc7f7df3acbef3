// A year of looks at the clock, however many of them are missed: each time a job was due is started or said to be missed, once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { minutes } from '../values/duration.ts';
import { epochSeconds, type Instant, instantAt } from '../values/instant.ts';
import { nights, time } from './nights.test-support.ts';
import { type Calendar, nextDue } from './occurrences.ts';
import { calendarOf } from './timetable.ts';

const begin = '2026-06-01T12:00:00Z';
const end = '2027-06-01T12:00:00Z';

function dueFrom(calendar: Calendar, from: Instant, until: Instant): readonly Instant[] {
  const found: Instant[] = [];
  for (let at = nextDue(calendar, epochSeconds(from)); at !== undefined; at = nextDue(calendar, at)) {
    if (at > epochSeconds(until)) break;
    found.push(instantAt(at * 1000));
  }
  return found;
}

type Year = Readonly<{ schedule: string; zone: string; jitter?: string; catch_up: boolean; gaps: readonly number[] }>;

/** How each cycle was accounted for: as `start`, as `lost` or as both, where it was made up for. */
function accounts({ schedule, zone, jitter, catch_up, gaps }: Year) {
  const night = nights(begin, {
    schedules: [{ job: 'photos', schedule, catch_up, ...(jitter === undefined ? {} : { jitter }) }],
    time_zone: zone,
  });
  night.tick();
  for (let index = 0; night.state.at < time(end); index += 1) {
    night.pass(minutes(gaps[index % gaps.length] ?? 1));
    night.tick();
  }
  const calendar = calendarOf(schedule, zone) ?? assert.fail('the calendar can be read');
  const due = dueFrom(calendar, time(begin), night.state.at);
  const missed = night.missedOf('photos');
  const lost = missed
    .filter(({ madeUp }) => !madeUp)
    .flatMap(({ from, until }) => due.filter((one) => one >= from && one <= until));
  const counted = missed.reduce((sum, one) => sum + one.count, 0);
  return { due, lost, counted, missed, started: night.starts.map(({ cycle }) => cycle), at: night.state.at };
}

const anyYear: fc.Arbitrary<Year> = fc.record({
  schedule: fc.constantFrom('02:30', 'daily', 'sun 02:00', '*-01 00:30', '0,6,12,18:00', 'mon..fri 23:45'),
  zone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe'),
  catch_up: fc.boolean(),
  // From a look every minute or so to one every ten days.
  gaps: fc.array(fc.oneof(fc.integer({ min: 30, max: 120 }), fc.integer({ min: 1, max: 14_400 })), {
    minLength: 3,
    maxLength: 12,
  }),
});

describe('a year of looks at the clock', () => {
  it('loses no start and doubles none, whatever looks are missed', () => {
    fc.assert(
      fc.property(anyYear, (year) => {
        const { due, lost, started, missed } = accounts(year);
        assert.equal(new Set(started).size, started.length, 'none is started twice');
        assert.deepEqual(
          [...started, ...lost].sort(),
          due,
          'each is started, or said to be missed and not made up for',
        );
        for (const one of missed.filter(({ madeUp }) => madeUp)) assert.ok(started.includes(one.until));
        if (!year.catch_up) assert.ok(missed.every(({ madeUp }) => !madeUp));
      }),
      { numRuns: 150 },
    );
  });

  it('finds each start delayed by its jitter as well, by the end of the next day', () => {
    fc.assert(
      fc.property(anyYear, (year) => {
        const { due, lost, started, at } = accounts({ ...year, jitter: '50m' });
        const settled = [...started, ...lost].sort();
        assert.equal(new Set(settled).size, settled.length);
        assert.deepEqual(settled, due.slice(0, settled.length));
        assert.ok(due.slice(settled.length).every((one) => epochSeconds(at) - epochSeconds(one) < 50 * 60));
      }),
      { numRuns: 60 },
    );
  });

  it('counts what it missed exactly', () => {
    const { due, counted, started } = accounts({ schedule: '02:30', zone: 'UTC', catch_up: true, gaps: [14_400] });
    assert.equal(started.length, 37, 'one for each look, ten days apart');
    assert.equal(counted, due.length);
  });
});

describe('the change of the year 2026-12-28 to 2027-01-04', () => {
  it('splits no week, loses none and starts none twice (reality 1.2g, 6.22)', () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
      const night = nights('2026-12-20T12:00:00Z', {
        schedules: [
          { job: 'weekly', schedule: 'mon 01:00' },
          { job: 'photos', schedule: '23:59' },
        ],
        time_zone: zone,
      });
      night.watch('2027-01-11T12:00:00Z', minutes(15));
      assert.equal(night.startsOf('weekly').length, 4, zone);
      assert.equal(night.startsOf('photos').length, 22, zone);
      assert.deepEqual(
        night.events.filter(({ event }) => event === 'missed').filter((one) => one.job === 'weekly'),
        [],
      );
    }
  });
});
