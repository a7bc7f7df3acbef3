// When a job of ours is due, by the calendar and the clock on the wall. Unlike a server's own rule (values/calendar-next.ts), no
// day is lost to summer time: what falls into the hour that clocks leave out is due where that hour ends, and what falls into
// the hour they show twice is due once, in its first showing; only events of every hour go by the hours that really pass.
import type { CalendarEvent } from '../values/calendar.ts';
import { dateOfDay, dayOfDate, weekdayOfDay } from '../values/calendar-date.ts';
import { fieldHas } from '../values/calendar-field.ts';
import { offsetAt, type TimeZone, utc } from '../values/time-zone.ts';

const daySeconds = 86_400;
// The grammar knows no year beyond it.
const lastYear = 2199;

export type Calendar = Readonly<{ event: CalendarEvent; zone: TimeZone }>;

type Times = Readonly<{ ofDay: readonly number[]; everyHour: boolean }>;
const known = new WeakMap<CalendarEvent, Times>();

/** The seconds of a day that the event lists, one a minute at most: more often than that nothing is started. */
function timesOf(event: CalendarEvent): Times {
  const there = known.get(event);
  if (there !== undefined) return there;
  const listed = (field: CalendarEvent['hour'], size: number) =>
    [...Array(size).keys()].filter((value) => fieldHas(field, value));
  const hours = listed(event.hour, 24);
  const [second] = listed(event.second, 60);
  const minutes = second === undefined ? [] : listed(event.minute, 60).map((minute) => minute * 60 + second);
  const made = {
    ofDay: hours.flatMap((hour) => minutes.map((minute) => hour * 3600 + minute)),
    everyHour: hours.length === 24,
  };
  known.set(event, made);
  return made;
}

/** The first wall time at or after this one that the event lists; nothing that matches is passed over. */
function firstListed(event: CalendarEvent, from: number): number | undefined {
  const { ofDay } = timesOf(event);
  if (ofDay.length === 0) return undefined;
  let day = Math.floor(from / daySeconds);
  let rest = from - day * daySeconds;
  for (;;) {
    const { year, month, day: ofMonth } = dateOfDay(day);
    if (year > lastYear) return undefined;
    if (!fieldHas(event.year, year)) day = dayOfDate(year + 1, 1, 1);
    else if (!fieldHas(event.month, month)) day = dayOfDate(year, month + 1, 1);
    else {
      const onDay = event.weekdays.length === 0 || event.weekdays.includes(weekdayOfDay(day));
      const time = onDay && fieldHas(event.day, ofMonth) ? ofDay.find((one) => one >= rest) : undefined;
      if (time !== undefined) return day * daySeconds + time;
      day += 1;
    }
    rest = 0;
  }
}

/** The first second at which the zone's clocks no longer are this far ahead; one change between the two is assumed. */
function changeWithin(zone: TimeZone, from: number, until: number, offset: number): number {
  let [same, changed] = [from, until];
  while (changed - same > 1) {
    const middle = Math.floor((same + changed) / 2);
    if (offsetAt(middle, zone) === offset) same = middle;
    else changed = middle;
  }
  return changed;
}

/** The first moment at which clocks show this; where they leave it out, the moment at which they were put forward. */
function momentOf(wall: number, zone: TimeZone): Readonly<{ at: number; leftOut: boolean }> {
  const before = offsetAt(wall - daySeconds, zone);
  const behind = offsetAt(wall + daySeconds, zone);
  if (offsetAt(wall - before, zone) === before) return { at: wall - before, leftOut: false };
  if (offsetAt(wall - behind, zone) === behind) return { at: wall - behind, leftOut: false };
  return { at: changeWithin(zone, wall - behind, wall - before, before), leftOut: true };
}

type Pause = Readonly<{ from: number; next: number | undefined }>;
const pauses = new WeakMap<Calendar, Pause>();

/** The first time due strictly after that second; undefined where there is none any more. */
export function nextDue(calendar: Calendar, after: number): number | undefined {
  // Who looks at the clock asks within the same pause again and again, and in a pause nothing is due.
  const pause = pauses.get(calendar);
  if (pause !== undefined && after >= pause.from && after < (pause.next ?? Number.POSITIVE_INFINITY)) return pause.next;
  const zone = calendar.event.utc ? utc : calendar.zone;
  const next = timesOf(calendar.event).everyHour
    ? nextByTheHour(calendar.event, zone, after + 1)
    : nextByTheWall(calendar.event, zone, after);
  pauses.set(calendar, { from: after, next });
  return next;
}

function nextByTheWall(event: CalendarEvent, zone: TimeZone, after: number): number | undefined {
  let wall = after + 1 + offsetAt(after, zone);
  for (;;) {
    const listed = firstListed(event, wall);
    if (listed === undefined) return undefined;
    const { at } = momentOf(listed, zone);
    if (at > after) return at;
    wall = listed + 1;
  }
}

function nextByTheHour(event: CalendarEvent, zone: TimeZone, first: number): number | undefined {
  let from = first;
  for (;;) {
    const offset = offsetAt(from, zone);
    const listed = firstListed(event, from + offset);
    if (listed === undefined) return undefined;
    const at = listed - offset;
    const within = Math.min(at, from + daySeconds);
    if (offsetAt(within, zone) !== offset) from = changeWithin(zone, from, within, offset);
    else if (at === within) return at;
    else {
      // Days away: what lies in between lists nothing, whatever its clocks did.
      const moment = momentOf(listed, zone);
      if (!moment.leftOut) return moment.at;
      from = moment.at;
    }
  }
}

/** The last time due at or before that second, not looking back beyond `notBefore`. */
export function lastDue(calendar: Calendar, at: number, notBefore: number): number | undefined {
  for (let span = 3600; ; span *= 2) {
    const from = Math.max(at - span, notBefore - 1);
    let found = nextDue(calendar, from);
    if (found !== undefined && found <= at) {
      for (let next = nextDue(calendar, found); next !== undefined && next <= at; next = nextDue(calendar, found))
        found = next;
      return found;
    }
    if (from < notBefore) return undefined;
  }
}
