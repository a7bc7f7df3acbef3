// The calendar of systemd as a second opinion, on events that it and Proxmox read alike.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CalendarEvent, isCalendarProblem } from './calendar.ts';
import { calendarLint } from './calendar-lint.ts';
import { nextEvent } from './calendar-next.ts';
import { parseCalendar } from './calendar-parse.ts';
import { epochSeconds, type Instant, instantAt, parseInstant } from './instant.ts';
import { offsetAt, parseTimeZone, type TimeZone, utc } from './time-zone.ts';

const iterations = 5;
// Half and quarter hours, both halves of the earth, and one zone without summer time.
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Adelaide', 'Pacific/Chatham', 'Asia/Kolkata'];

const found = spawnSync('systemd-analyze', ['--version']).status === 0;
const skip = !found && 'systemd-analyze is not installed here (package systemd): nothing to compare with';

describe('calendar events beside those of systemd', { skip }, () => {
  for (const name of zones)
    it(`come at the same times in ${name}, away from the days on which its clocks change`, () => {
      let compared = 0;
      fc.assert(
        fc.property(anyBatch, anyMoment, (events, after) => {
          const { differences, count } = compare(events, after, name, nextEvent);
          compared += count;
          assert.deepEqual(differences, []);
        }),
        { numRuns: 12 },
      );
      assert.ok(compared > 500, `only ${compared} times were compared`);
    });

  it('shows a start that is a second off, and one that is left out', () => {
    const events = ['mon..fri 8..17,22:0/15', '*-1..7 15:00', 'daily', 'minutely'];
    const after = known('2026-07-15T10:01:00Z');
    const secondLate: Next = (...asked) => moved(nextEvent(...asked), 1);
    const leftOut: Next = (event, at, zone) => {
      const next = nextEvent(event, at, zone);
      return next?.includes('T10:15') === true ? nextEvent(event, next, zone) : next;
    };
    assert.equal(compare(events, after, 'UTC', nextEvent).differences.length, 0);
    assert.ok(compare(events, after, 'UTC', secondLate).differences.length === events.length);
    assert.deepEqual(
      compare(events, after, 'UTC', leftOut).differences.map(({ text }) => text),
      ['mon..fri 8..17,22:0/15'],
    );
  });
});

type Next = typeof nextEvent;
type Difference = Readonly<{ text: string; after: Instant; ours: string; systemd: string }>;

function compare(
  events: readonly string[],
  after: Instant,
  name: string,
  next: Next,
): Readonly<{ differences: readonly Difference[]; count: number }> {
  const zone = parseTimeZone(name) ?? assert.fail(name);
  const answers = askSystemd(events, after, name);
  const differences: Difference[] = [];
  let count = 0;
  for (const [index, text] of events.entries()) {
    const event = eventOf(text);
    const [first, ...others] = comparable(after, answers[index], event.utc ? utc : zone).map(
      (pair): Difference => ({
        ...{ text, after: pair.after, systemd: pair.next ?? 'never' },
        ours: next(event, pair.after, zone) ?? 'never',
      }),
    );
    const all = first === undefined ? [] : [first, ...others];
    count += all.length;
    differences.push(...all.filter(({ ours, systemd }) => ours !== systemd).slice(0, 1));
  }
  return { differences, count };
}

type Pair = Readonly<{ after: Instant; next: Instant | undefined }>;

/** Each time with the one before it; where the clocks change, the two go their own ways, and both are right. */
function comparable(after: Instant, answer: readonly Instant[] | undefined, zone: TimeZone): readonly Pair[] {
  if (answer === undefined) return [];
  const whole = answer.length < iterations ? [...answer, undefined] : answer;
  const pairs = whole.map((next, index) => ({ after: index === 0 ? after : (answer[index - 1] ?? after), next }));
  return pairs.filter((pair) => isQuiet(pair.after, zone) && (pair.next === undefined || isQuiet(pair.next, zone)));
}

const daySeconds = 86_400;
const isQuiet = (moment: Instant, zone: TimeZone): boolean =>
  offsetAt(epochSeconds(moment) - daySeconds, zone) === offsetAt(epochSeconds(moment) + daySeconds, zone);

/**
 * Up to five times for each event, fewer where it never comes again, and undefined where systemd says that it went round in
 * circles (its own fault, seen where clocks change at midnight). All events go into one process.
 */
function askSystemd(
  events: readonly string[],
  after: Instant,
  zone: string,
): readonly (readonly Instant[] | undefined)[] {
  if (events.length === 0) return [];
  const base = `--base-time=${after.slice(0, 19).replace('T', ' ')} UTC`;
  const { stdout, stderr } = spawnSync('systemd-analyze', ['calendar', `--iterations=${iterations}`, base, ...events], {
    env: { TZ: zone, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  const lost = new Set(
    [...stderr.matchAll(/^Failed to determine next elapse for '(.*)': Resource deadlock avoided$/gm)].map(
      ([, one]) => one,
    ),
  );
  const answers = stdout.split('Normalized form:').slice(1).map(timesIn);
  const answered = events.filter((text) => !lost.has(text));
  assert.equal(answers.length, answered.length, stderr);
  let next = 0;
  return events.map((text) => (lost.has(text) ? undefined : answers[next++]));
}

/** In UTC the line itself says it; elsewhere it is said in the zone first, and in UTC on a line of its own. */
const timesIn = (answer: string): readonly Instant[] =>
  [...answer.matchAll(/: \w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/gm)].map(([, date, time]) =>
    known(`${date}T${time}Z`),
  );

const known = (text: string): Instant => parseInstant(text) ?? assert.fail(text);
const moved = (at: Instant | undefined, seconds: number): Instant | undefined =>
  at === undefined ? undefined : instantAt((epochSeconds(at) + seconds) * 1000);
function eventOf(text: string): CalendarEvent {
  const read = parseCalendar(text);
  return isCalendarProblem(read) ? assert.fail(text) : read;
}

// systemd knows no weekdays over the end of the week, no step behind a star, and no step that leaves its range at once.
const itemOf = (lowest: number, highest: number) =>
  fc
    .tuple(fc.integer({ min: lowest, max: highest - 1 }), fc.nat(highest), fc.nat(highest))
    .chain(([from, length, size]) => {
      const to = Math.min(highest, from + 1 + length);
      const step = 1 + (size % (to - from));
      return fc.constantFrom(`${from}`, `${from}..${to}`, `${from}/${step}`, `${from}..${to}/${step}`);
    });
const fieldOf = (lowest: number, highest: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.array(itemOf(lowest, highest), { minLength: 1, maxLength: 3 }).map((list) => list.join(',')),
  );
const fieldsOf = (mark: string, ...ranges: readonly (readonly [number, number])[]) =>
  fc.tuple(...ranges.map(([lowest, highest]) => fieldOf(lowest, highest))).map((fields) => fields.join(mark));

const nothing = fc.constant('');
const year = fc
  .integer({ min: 2020, max: 2040 })
  .chain((one) => fc.constantFrom('*', `${one}`, `${one}..${one + 9}/2`));
const weekdays = fc.constantFrom('', 'mon', 'Sunday', 'mon..fri', 'sat,sun', 'tue,thu..sat');
const date = fc.oneof(
  nothing,
  fieldsOf('-', [1, 12], [1, 31]),
  fc.tuple(year, fieldsOf('-', [1, 12], [1, 31])).map((fields) => fields.join('-')),
);
const hour = [0, 23] as const;
const sixtieth = [0, 59] as const;
const time = fc.oneof(fieldsOf(':', hour, sixtieth), fieldsOf(':', hour, sixtieth, sixtieth));
const words = ['minutely', 'hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'semiannually', 'semi-annually'];
const anyWord = fc.constantFrom(...words, 'yearly', 'annually', 'fri', '*-05', '02-29', '02-30', 'sat *-1..7');

const losesMatches = (text: string): boolean =>
  calendarLint(eventOf(text)).some(({ trap }) => trap === 'uneven-step' || trap === 'short-month');
const anyEvent = fc
  .tuple(weekdays, date, time)
  .map((parts) => parts.filter((part) => part !== '').join(' '))
  .filter((text) => !losesMatches(text));
const inUtc = fc.tuple(anyEvent, fc.nat(5)).map(([text, one]) => (one === 0 ? `${text} UTC` : text));
const anyBatch = fc.array(fc.oneof({ weight: 6, arbitrary: inUtc }, { weight: 1, arbitrary: anyWord }), {
  maxLength: 60,
  size: 'max',
});
const anyMoment = fc.integer({ min: 946_684_800, max: 2_100_000_000 }).map((at) => instantAt(at * 1000));
