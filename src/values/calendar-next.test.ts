import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
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

  const found = spawnSync('systemd-analyze', ['--version']).status === 0;
  const skip = !found && 'systemd-analyze is not installed here: nothing to compare with';
  it('agrees with systemd on events both understand alike', { skip }, () => {
    const events = fc.sample(eventForBoth, 400).filter((text) => !losesMatches(eventOf(text)));
    const after = '2026-02-10T11:22:33Z';
    assert.ok(events.length > 100, `only ${events.length} events to compare`);
    const answers = askSystemd(events, after);
    assert.equal(answers.length, events.length);
    for (const [index, text] of events.entries()) {
      const ours = nextEvent(eventOf(text), moment(after), utc);
      assert.equal(ours?.slice(0, 19) ?? 'never', answers[index], text);
    }
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

// systemd knows no weekdays over the end of the week, no step behind a star, and no step that leaves its range at once.
const itemForBoth = (lowest: number, highest: number) =>
  fc
    .tuple(fc.integer({ min: lowest, max: highest - 1 }), fc.nat(highest), fc.nat(highest))
    .chain(([from, length, size]) => {
      const to = Math.min(highest, from + 1 + length);
      const step = 1 + (size % (to - from));
      return fc.constantFrom(`${from}`, `${from}..${to}`, `${from}/${step}`, `${from}..${to}/${step}`);
    });
const fieldForBoth = (lowest: number, highest: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.array(itemForBoth(lowest, highest), { minLength: 1, maxLength: 3 }).map((list) => list.join(',')),
  );
const fieldsForBoth = (mark: string, ...ranges: readonly (readonly [number, number])[]) =>
  fc.tuple(...ranges.map(([lowest, highest]) => fieldForBoth(lowest, highest))).map((fields) => fields.join(mark));
const eventForBoth = fc
  .tuple(
    fc.oneof(nothing, weekday, fc.constant('mon..fri'), fc.constant('sat,sun')),
    fc.oneof(nothing, fieldsForBoth('-', [1, 12], [1, 31])),
    fc.oneof(fieldsForBoth(':', [0, 23], [0, 59]), fieldsForBoth(':', [0, 23], [0, 59], [0, 59])),
  )
  .map(written);

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

function askSystemd(events: readonly string[], after: string): readonly string[] {
  const base = `--base-time=${after.replace('T', ' ').replace('Z', ' UTC')}`;
  const env = { TZ: 'UTC', LC_ALL: 'C' };
  const said = execFileSync('systemd-analyze', ['calendar', base, ...events], { env, encoding: 'utf8' });
  return [...said.matchAll(/Next elapse: (?:\w{3} (\S+) (\S+) UTC|(never))/g)].map(
    ([, date, time, never]) => never ?? `${date}T${time}`,
  );
}
