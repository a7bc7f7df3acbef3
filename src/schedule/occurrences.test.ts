// When jobs of ours are due on the days on which clocks change. Each control shows what a server's own rule does on that day.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isCalendarProblem } from '../values/calendar.ts';
import { nextEvent } from '../values/calendar-next.ts';
import { parseCalendar } from '../values/calendar-parse.ts';
import { epochSeconds, type Instant, instantAt } from '../values/instant.ts';
import { offsetAt, parseTimeZone } from '../values/time-zone.ts';
import { type Calendar, lastDue, nextDue } from './occurrences.ts';

function calendar(text: string, zoneName: string): Calendar {
  const event = parseCalendar(text);
  const zone = parseTimeZone(zoneName);
  assert.ok(!isCalendarProblem(event) && zone !== undefined, `${text} in ${zoneName}`);
  return { event, zone };
}

const seconds = (text: string): number => epochSeconds(text as Instant);

function dueBetween(one: Calendar, from: string, until: string): readonly string[] {
  const found: string[] = [];
  for (let at = nextDue(one, seconds(from)); at !== undefined && at <= seconds(until); at = nextDue(one, at))
    found.push(instantAt(at * 1000).replace(':00.000Z', 'Z'));
  return found;
}

type Vector = readonly [zone: string, event: string, from: string, until: string, due: readonly string[]];

const put = (says: string, vectors: readonly Vector[]): void =>
  void it(says, () => {
    for (const [zone, event, from, until, due] of vectors)
      assert.deepEqual(dueBetween(calendar(event, zone), from, until), due, `${event} in ${zone} after ${from}`);
  });

describe('a job that is due while clocks are put forward', () => {
  put('runs that day at the end of the hour that is left out, once', [
    [
      'Europe/Berlin',
      '02:30',
      '2026-03-28T12:00:00Z',
      '2026-03-30T12:00:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    ],
    ['Europe/Berlin', '02:00', '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z', ['2026-03-29T01:00Z']],
    ['Europe/Berlin', '02:00,30', '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z', ['2026-03-29T01:00Z']],
    [
      'Europe/Berlin',
      '2..3:00/30',
      '2026-03-28T12:00:00Z',
      '2026-03-29T12:00:00Z',
      ['2026-03-29T01:00Z', '2026-03-29T01:30Z'],
    ],
    [
      'America/New_York',
      'sun 02:00',
      '2026-03-07T12:00:00Z',
      '2026-03-15T12:00:00Z',
      ['2026-03-08T07:00Z', '2026-03-15T06:00Z'],
    ],
    [
      'America/Santiago',
      'daily',
      '2026-09-05T12:00:00Z',
      '2026-09-07T12:00:00Z',
      ['2026-09-06T04:00Z', '2026-09-07T03:00Z'],
    ],
    [
      'America/Santiago',
      'sun',
      '2026-08-31T12:00:00Z',
      '2026-09-13T12:00:00Z',
      ['2026-09-06T04:00Z', '2026-09-13T03:00Z'],
    ],
    [
      'Africa/Cairo',
      'daily',
      '2026-04-23T12:00:00Z',
      '2026-04-24T23:00:00Z',
      ['2026-04-23T22:00Z', '2026-04-24T21:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      '02:15',
      '2026-10-02T16:00:00Z',
      '2026-10-04T16:00:00Z',
      ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
    ],
    [
      'Australia/Lord_Howe',
      '02:45',
      '2026-10-02T16:30:00Z',
      '2026-10-04T16:00:00Z',
      ['2026-10-03T15:45Z', '2026-10-04T15:45Z'],
    ],
  ]);

  it('is lost that day, or that week, by the rule of a server (control)', () => {
    const { event, zone } = calendar('sun 02:00', 'America/New_York');
    assert.equal(nextEvent(event, '2026-03-07T12:00:00.000Z' as Instant, zone), '2026-03-15T06:00:00.000Z');
  });
});

describe('a job that is due while clocks are put back', () => {
  put('runs once, in the first showing of its hour', [
    [
      'Europe/Berlin',
      '02:30',
      '2026-10-24T12:00:00Z',
      '2026-10-26T12:00:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    ['Europe/Berlin', '02:30', '2026-10-25T01:10:00Z', '2026-10-26T12:00:00Z', ['2026-10-26T01:30Z']],
    [
      'Europe/Berlin',
      '2..3:00/30',
      '2026-10-24T23:30:00Z',
      '2026-10-25T12:00:00Z',
      ['2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-25T02:00Z', '2026-10-25T02:30Z'],
    ],
    [
      'America/New_York',
      '01:30',
      '2026-11-01T00:00:00Z',
      '2026-11-02T12:00:00Z',
      ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
    ],
    [
      'America/Santiago',
      '23:30',
      '2026-04-04T12:00:00Z',
      '2026-04-06T12:00:00Z',
      ['2026-04-05T02:30Z', '2026-04-06T03:30Z'],
    ],
    [
      'Australia/Lord_Howe',
      '01:45',
      '2026-04-03T16:00:00Z',
      '2026-04-05T16:00:00Z',
      ['2026-04-04T14:45Z', '2026-04-05T15:15Z'],
    ],
  ]);
});

describe('a job of every hour', () => {
  put('runs in each hour that really passes, also in one that clocks show twice', [
    [
      'Europe/Berlin',
      'hourly',
      '2026-10-24T23:00:00Z',
      '2026-10-25T02:00:00Z',
      ['2026-10-25T00:00Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z'],
    ],
    [
      'Europe/Berlin',
      '*:30',
      '2026-03-28T23:40:00Z',
      '2026-03-29T02:00:00Z',
      ['2026-03-29T00:30Z', '2026-03-29T01:30Z'],
    ],
    [
      'Europe/Berlin',
      'hourly',
      '2026-03-28T23:10:00Z',
      '2026-03-29T02:00:00Z',
      ['2026-03-29T00:00Z', '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      '*:15',
      '2026-04-04T14:00:00Z',
      '2026-04-04T16:00:00Z',
      ['2026-04-04T14:15Z', '2026-04-04T15:45Z'],
    ],
    [
      'Europe/Berlin',
      'sun *:30',
      '2026-10-24T12:00:00Z',
      '2026-10-25T02:00:00Z',
      ['2026-10-24T22:30Z', '2026-10-24T23:30Z', '2026-10-25T00:30Z', '2026-10-25T01:30Z'],
    ],
  ]);
});

describe('a year change', () => {
  put('splits no week, loses none and counts none twice', [
    [
      'Europe/Berlin',
      'mon 02:00',
      '2026-12-21T12:00:00Z',
      '2027-01-11T12:00:00Z',
      ['2026-12-28T01:00Z', '2027-01-04T01:00Z', '2027-01-11T01:00Z'],
    ],
    [
      'Europe/Berlin',
      'daily',
      '2026-12-30T12:00:00Z',
      '2027-01-01T12:00:00Z',
      ['2026-12-30T23:00Z', '2026-12-31T23:00Z'],
    ],
    ['UTC', 'yearly', '2026-06-01T00:00:00Z', '2028-01-01T00:00:00Z', ['2027-01-01T00:00Z', '2028-01-01T00:00Z']],
    ['UTC', '02-29', '2024-03-01T00:00:00Z', '2032-03-01T00:00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
  ]);

  it('does not bring a date that never comes', () => {
    assert.equal(nextDue(calendar('02-30', 'UTC'), seconds('2026-01-01T00:00:00Z')), undefined);
    assert.equal(nextDue(calendar('2026-12-24 18:00', 'UTC'), seconds('2026-12-25T00:00:00Z')), undefined);
  });
});

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Africa/Cairo'];
const events = ['02:30', 'daily', 'hourly', '*:0/15', 'sun 02:15', '0,1,2,3:*/20', '*-1..7 03:00', 'mon..fri 21:30'];
const anyCalendar = fc
  .tuple(fc.constantFrom(...events), fc.constantFrom(...zones))
  .map(([event, zone]) => calendar(event, zone));
const anyMoment = fc.integer({ min: seconds('2026-01-01T00:00:00Z'), max: seconds('2027-12-31T00:00:00Z') });

describe('the times a job is due', () => {
  it('are the same whatever moment they are asked from: nothing between two of them is passed over', () => {
    fc.assert(
      fc.property(anyCalendar, anyMoment, fc.double({ min: 0, max: 1, noNaN: true }), (one, from, share) => {
        const first = nextDue(one, from) ?? assert.fail('it never comes');
        const second = nextDue(one, first) ?? assert.fail('it comes once only');
        assert.ok(first > from && second > first);
        const between = first + Math.floor((second - first) * share * 0.999_999);
        assert.equal(nextDue(one, between), second);
        assert.equal(lastDue(one, between, from), first);
        assert.equal(lastDue(one, first - 1, from + 1), undefined);
      }),
      { numRuns: 400 },
    );
  });

  it('show on the wall what was declared, unless that hour was left out', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), anyMoment, (zoneName, from) => {
        const one = calendar('02:30', zoneName);
        const due = nextDue(one, from) ?? assert.fail('it never comes');
        const wall = (((due + offsetAt(due, one.zone)) % 86_400) + 86_400) % 86_400;
        const putForward = offsetAt(due, one.zone) > offsetAt(due - 1, one.zone);
        assert.ok(wall === 9000 || putForward, `${instantAt(due * 1000)} in ${zoneName}`);
      }),
      { numRuns: 400 },
    );
  });

  it('come as often as days do: 365 in a year in each zone, with two changes of clocks or without', () => {
    for (const zone of zones)
      for (const event of ['02:30', 'daily', '01:45', '23:30'])
        assert.equal(dueBetween(calendar(event, zone), '2026-01-15T12:00:00Z', '2027-01-15T12:00:00Z').length, 365);
  });
});
