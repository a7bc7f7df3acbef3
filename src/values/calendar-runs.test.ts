import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isCalendarProblem } from './calendar.ts';
import { parseCalendar } from './calendar-parse.ts';
import { type ExpectedRuns, overlaps, runsBetween } from './calendar-runs.ts';
import { type Duration, days, hours, minutes } from './duration.ts';
import { after, type Instant, parseInstant } from './instant.ts';
import { parseTimeZone, type TimeZone, utc } from './time-zone.ts';

const moment = (text: string): Instant => parseInstant(text) ?? assert.fail(text);
const zoneOf = (name: string): TimeZone => parseTimeZone(name) ?? assert.fail(name);
function eventOf(text: string) {
  const read = parseCalendar(text);
  return isCalendarProblem(read) ? assert.fail(text) : read;
}
const job = (text: string, takes: Duration, zone = 'UTC'): ExpectedRuns => ({
  ...{ event: eventOf(text), zone: zoneOf(zone), takes },
});
const monday = moment('2026-07-13T12:00:00Z');
const short = (at: Instant): string => at.slice(5, 16);
const overlapsOf = (...asked: Parameters<typeof overlaps>): readonly string[] =>
  overlaps(...asked).map(({ at, until }) => `${short(at)} to ${short(until)}`);

describe('the runs of a schedule', () => {
  it('are those later than the first moment, up to and with the last, and not more than were asked for', () => {
    const runs = (from: string, until: string, atMost: number) =>
      runsBetween(eventOf('*:0/30'), utc, moment(from), moment(until), atMost).map((at) => at.slice(11, 16));
    assert.deepEqual(runs('2026-07-15T10:00:00Z', '2026-07-15T11:30:00Z', 9), ['10:30', '11:00', '11:30']);
    assert.deepEqual(runs('2026-07-15T10:00:00Z', '2026-07-15T11:30:00Z', 2), ['10:30', '11:00']);
    assert.deepEqual(runs('2026-07-15T10:00:00Z', '2026-07-15T10:29:59Z', 9), []);
  });

  it('leave out the night on which spring takes their hour, and none in autumn', () => {
    const nights = (from: string) =>
      runsBetween(eventOf('02:30'), zoneOf('Europe/Berlin'), moment(from), after(moment(from), days(3)), 9).map(short);
    assert.deepEqual(nights('2026-03-27T12:00:00Z'), ['03-28T01:30', '03-30T00:30']);
    assert.deepEqual(nights('2026-10-23T12:00:00Z'), ['10-24T00:30', '10-25T00:30', '10-26T01:30']);
  });

  it('end where a schedule ends', () => {
    assert.deepEqual(runsBetween(eventOf('02-30'), utc, monday, after(monday, days(400)), 9), []);
    assert.equal(runsBetween(eventOf('2026-07-14..15'), utc, monday, after(monday, days(400)), 9).length, 2);
  });
});

describe('jobs that will overlap', () => {
  it('are found at the start of the later one, with the end of the first', () => {
    const [backup, verify] = [job('02:00', hours(3)), job('sat 04:00', hours(6))];
    assert.deepEqual(overlaps(backup, verify, monday), [
      {
        ...{ at: moment('2026-07-18T04:00:00Z'), until: moment('2026-07-18T05:00:00Z') },
        ...{ one: moment('2026-07-18T02:00:00Z'), other: moment('2026-07-18T04:00:00Z') },
      },
      {
        ...{ at: moment('2026-07-25T04:00:00Z'), until: moment('2026-07-25T05:00:00Z') },
        ...{ one: moment('2026-07-25T02:00:00Z'), other: moment('2026-07-25T04:00:00Z') },
      },
    ]);
    assert.deepEqual(overlapsOf(verify, backup, monday), overlapsOf(backup, verify, monday));
  });

  it('are none where one ends as the other begins, or where nothing is known of how long one takes', () => {
    assert.deepEqual(overlapsOf(job('02:00', hours(2)), job('04:00', hours(1)), monday), []);
    assert.deepEqual(overlapsOf(job('02:00', hours(0)), job('02:00', hours(1)), monday), []);
    assert.equal(overlapsOf(job('02:00', minutes(121)), job('04:00', hours(1)), monday).length, 5);
  });

  it('are counted once where both start together, and where one is already running now', () => {
    assert.deepEqual(overlapsOf(job('fri 02:00', hours(1)), job('02:00', minutes(5)), monday), [
      '07-17T02:00 to 07-17T02:05',
      '07-24T02:00 to 07-24T02:05',
    ]);
    const long = job('2026-07-13 08:00', hours(10));
    assert.deepEqual(overlapsOf(long, job('2026-07-13 14:00', hours(1)), monday), ['07-13T14:00 to 07-13T15:00']);
    assert.deepEqual(overlapsOf(long, job('2026-07-13 09:00', hours(9)), monday), [], 'that one began before');
  });

  it('are looked for in fourteen days, or as long and as often as was asked', () => {
    const [one, other] = [job('2026-08-01 02:00', hours(2)), job('03:00', hours(1))];
    assert.deepEqual(overlapsOf(one, other, monday), []);
    assert.deepEqual(overlapsOf(one, other, monday, { within: days(30) }), ['08-01T03:00 to 08-01T04:00']);
    assert.equal(overlapsOf(job('*:0', hours(2)), other, monday, { atMost: 2 }).length, 2);
  });

  it('can be one night only: when spring brings them an hour closer', () => {
    const [backup, prune] = [job('01:30', hours(1), 'Europe/Berlin'), job('03:00', minutes(10), 'Europe/Berlin')];
    assert.deepEqual(overlapsOf(backup, prune, moment('2026-03-20T12:00:00Z')), ['03-29T01:00 to 03-29T01:10']);
    assert.deepEqual(overlapsOf(backup, prune, moment('2026-04-20T12:00:00Z')), []);
  });

  it('can be every night but one: when autumn puts an hour between them', () => {
    const [backup, prune] = [job('01:45', minutes(90), 'Europe/Berlin'), job('03:00', minutes(10), 'Europe/Berlin')];
    assert.deepEqual(overlapsOf(backup, prune, moment('2026-10-23T12:00:00Z'), { within: days(4) }), [
      ...['10-24T01:00 to 10-24T01:10', '10-26T02:00 to 10-26T02:10', '10-27T02:00 to 10-27T02:10'],
    ]);
  });

  it('go by the clock of each server', () => {
    const backup = job('02:00', hours(1), 'Europe/Berlin');
    assert.deepEqual(
      overlapsOf(backup, job('00:30', minutes(10)), moment('2026-03-27T12:00:00Z'), { within: days(4) }),
      ['03-30T00:30 to 03-30T00:40', '03-31T00:30 to 03-31T00:40'],
      'in winter the backup is an hour later',
    );
  });

  it('are the same that trying every pair of runs finds', () => {
    const field = (highest: number) => fc.uniqueArray(fc.nat(highest), { minLength: 1, maxLength: 3 });
    const anyJob = fc
      .tuple(
        field(23),
        field(59),
        fc.integer({ min: 0, max: 400 }),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/Santiago'),
      )
      .map(([hour, minute, takes, zone]) => job(`${hour.join()}:${minute.join()}`, minutes(takes), zone));
    const from = fc.constantFrom('2026-03-28T00:00:00Z', '2026-10-24T00:00:00Z', '2026-09-05T00:00:00Z').map(moment);
    let compared = 0;
    fc.assert(
      fc.property(anyJob, anyJob, from, (one, other, at) => {
        const found = overlaps(one, other, at, { within: days(3), atMost: 1000 });
        compared += found.length;
        assert.deepEqual([...new Set(found.map((each) => each.at))], byTryingEveryPair(one, other, at, days(3)));
      }),
      { numRuns: 300 },
    );
    assert.ok(compared > 300, `only ${compared} overlaps`);
  });
});

function byTryingEveryPair(
  one: ExpectedRuns,
  other: ExpectedRuns,
  from: Instant,
  within: Duration,
): readonly Instant[] {
  const until = after(from, within);
  const runsOf = ({ event, zone, takes }: ExpectedRuns) =>
    runsBetween(event, zone, after(from, days(-2)), until, 10_000).map((start) => ({
      start,
      end: after(start, takes),
    }));
  const starts = new Set<Instant>();
  for (const left of runsOf(one))
    for (const right of runsOf(other)) {
      const at = left.start > right.start ? left.start : right.start;
      if (at > from && at < left.end && at < right.end) starts.add(at);
    }
  return [...starts].sort();
}
