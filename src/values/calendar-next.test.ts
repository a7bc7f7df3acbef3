import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CalendarEvent, isCalendarProblem } from './calendar.ts';
import vectors from './calendar.vectors.json' with { type: 'json' };
import { dayOfDate } from './calendar-date.ts';
import { fieldHas } from './calendar-field.ts';
import { calendarLint } from './calendar-lint.ts';
import { nextEvent } from './calendar-next.ts';
import { parseCalendar } from './calendar-parse.ts';
import { epochSeconds, type Instant, instantAt, parseInstant } from './instant.ts';
import { parseTimeZone, type TimeZone, utc } from './time-zone.ts';
import { wallSecondsAt, wallTimeOf } from './time-zone-wall.ts';

const eventOf = (text: string): CalendarEvent => {
  const read = parseCalendar(text);
  assert.ok(!isCalendarProblem(read), text);
  return read;
};
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
const nextOf = (event: string, after: string, name: string) => nextEvent(eventOf(event), moment(after), zone(name));

describe('the next time of a calendar event', () => {
  for (const { id, event, after, next } of [
    ...vectors.utc,
    ...vectors.misread.map((one) => ({ id: 'misread', ...one })),
  ])
    it(`${id}: \`${event}\` after ${after} comes ${next ?? 'never'}`, () => {
      const wanted = next === null ? undefined : moment(next);
      assert.equal(nextOf(event, after, 'UTC'), wanted);
      assert.equal(nextOf(`${event} UTC`, after, 'Asia/Tokyo'), wanted, 'a UTC event ignores the zone of the server');
    });

  for (const { id, zone: name, event, after, next } of vectors.zones)
    it(`${id}: \`${event}\` in ${name} after ${after} comes ${next}`, () => {
      assert.equal(nextOf(event, after, name), moment(next));
    });

  it('is later than the moment asked about, and matches the local clock, in every zone', () => {
    const names = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'America/Santiago',
      'Australia/Lord_Howe',
      'Africa/Cairo',
    ];
    fc.assert(
      fc.property(anyEvent, anyMoment, fc.constantFrom(...names), (text, after, name) => {
        const event = eventOf(text);
        const next = nextEvent(event, after, zone(name));
        if (next === undefined) return;
        assert.ok(next > after, `${text}: ${next}`);
        assert.ok(matches(event, wallSecondsAt(epochSeconds(next), zone(name))), `${text}: ${next}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('is the earliest match in UTC wherever the lint is silent', () => {
    fc.assert(
      fc.property(anyEvent, anyMoment, (text, after) => {
        const event = eventOf(text);
        fc.pre(!losesMatches(event));
        const next = nextEvent(event, after, utc);
        const earliest = earliestMatch(event, after);
        if (earliest !== undefined) assert.equal(next, earliest, text);
        else
          assert.ok(
            next === undefined || next > instantAt(epochSeconds(after) * 1000 + yearsTried * 365 * 86_400_000),
            text,
          );
      }),
      { numRuns: 300 },
    );
  });

  it('passes over a match for exactly those steps of which the lint warns', () => {
    const forms = { '*:*:*/N': 59, '*:*/N': 59, '*/N:00': 23, '*-*/N': 31, '*/N-1': 12 };
    for (const [form, highest] of Object.entries(forms))
      for (let step = 1; step <= highest; step += 1) {
        const event = eventOf(form.replace('N', String(step)));
        assert.equal(skipsWhileRunning(event), losesMatches(event), event.text);
      }
  });

  it('says in the reference what it does', () => {
    const page = readFileSync(new URL('../../docs/reference/schedules.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([^`]+)` \| (\S+Z) \| (\S+Z|never) \|/gm)];
    assert.ok(rows.length >= 8, `${rows.length} rows`);
    for (const [, event = '', after = '', next = ''] of rows)
      assert.equal(nextOf(event, after, 'UTC'), next === 'never' ? undefined : moment(next), event);
  });
});

const nothing = fc.constant('');
const weekday = fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun');
const anyMoment = fc.integer({ min: 0, max: 2_500_000_000 }).map((at) => instantAt(at * 1000));

const itemOf = (lowest: number, highest: number) =>
  fc
    .tuple(
      fc.integer({ min: lowest, max: highest }),
      fc.integer({ min: lowest, max: highest }),
      fc.integer({ min: 1, max: highest }),
    )
    .chain(([one, other, step]) => {
      const range = `${Math.min(one, other)}..${Math.max(one, other)}`;
      return fc.constantFrom(`${one}`, range, `${one}/${step}`, `${range}/${step}`);
    });
const fieldOf = (lowest: number, highest: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 1, max: highest }).map((step) => `*/${step}`),
    fc.array(itemOf(lowest, highest), { minLength: 1, maxLength: 3 }).map((list) => list.join(',')),
  );

const anyWeekdays = fc.oneof(
  nothing,
  weekday,
  fc.tuple(weekday, weekday).map(([from, to]) => `${from}..${to}`),
);
const anyYear = fc
  .tuple(fc.integer({ min: 1990, max: 2030 }), fc.integer({ min: 1, max: 9 }))
  .chain(([year, more]) =>
    fc.constantFrom(`${year}`, `${year}..${year + more}`, `${year}/${more}`, `${year},${year + more}`, '*'),
  );
const anyDate = fc.oneof(
  nothing,
  fc.tuple(fieldOf(1, 12), fieldOf(1, 31)).map((fields) => fields.join('-')),
  fc.tuple(anyYear, fieldOf(1, 12), fieldOf(1, 31)).map((fields) => fields.join('-')),
);
const anyTime = fc.oneof(
  fc.tuple(fieldOf(0, 23), fieldOf(0, 59)).map((fields) => fields.join(':')),
  fc.tuple(fieldOf(0, 23), fieldOf(0, 59), fieldOf(0, 59)).map((fields) => fields.join(':')),
);
const written = (parts: readonly string[]) => parts.filter((part) => part !== '').join(' ');
const anyEvent = fc.tuple(anyWeekdays, anyDate, anyTime).map(written);

const losesMatches = (event: CalendarEvent): boolean =>
  calendarLint(event).some(({ trap }) => trap === 'uneven-step' || trap === 'short-month');

function matches(event: CalendarEvent, wallSeconds: number): boolean {
  const { weekday: today, ...wall } = wallTimeOf(wallSeconds);
  const onDay = event.weekdays.length === 0 || event.weekdays.includes(today);
  return (
    onDay &&
    (['year', 'month', 'day', 'hour', 'minute', 'second'] as const).every((name) => fieldHas(event[name], wall[name]))
  );
}

const yearsTried = 60;

/** By trying: every day for sixty years, then every hour, minute and second of the days that match. */
function earliestMatch(event: CalendarEvent, after: Instant): Instant | undefined {
  const from = epochSeconds(after) + 1;
  const firstDay = Math.floor(from / 86_400);
  for (let count = firstDay; count < firstDay + 366 * yearsTried; count += 1) {
    const wall = wallTimeOf(count * 86_400);
    const onDate =
      fieldHas(event.year, wall.year) && fieldHas(event.month, wall.month) && fieldHas(event.day, wall.day);
    if (!onDate || (event.weekdays.length > 0 && !event.weekdays.includes(wall.weekday))) continue;
    const found = earliestOnDay(event, count, from);
    if (found !== undefined) return instantAt(found * 1000);
  }
  return undefined;
}

function earliestOnDay({ hour, minute, second }: CalendarEvent, count: number, from: number): number | undefined {
  for (let at = Math.max(count * 86_400, from); at < (count + 1) * 86_400; at += 1) {
    const wall = wallTimeOf(at);
    if (!fieldHas(hour, wall.hour)) at += 3599 - (at % 3600);
    else if (!fieldHas(minute, wall.minute)) at += 59 - (at % 60);
    else if (fieldHas(second, wall.second)) return at;
  }
  return undefined;
}

/** Follows the event through several rounds of its field, and compares each step with the earliest match. */
function skipsWhileRunning(event: CalendarEvent): boolean {
  let at = instantAt(dayOfDate(2027, 12, 1) * 86_400_000);
  for (let step = 0; step < 150; step += 1) {
    const next = nextEvent(event, at, utc);
    if (next !== earliestMatch(event, at)) return true;
    if (next === undefined) return false;
    at = next;
  }
  return false;
}
