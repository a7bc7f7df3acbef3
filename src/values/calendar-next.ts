// When a calendar event comes next. The jumps are those of Proxmox (facts: pbs-prune-and-calendar B.2), with their two
// surprises: a step that runs beyond its field passes over what comes before it, and a time that clocks leave out in spring
// does not happen that day. So this is when the server will start, which is not always the smallest time that matches.
import type { CalendarEvent } from './calendar.ts';
import { fieldHas, nextListed } from './calendar-field.ts';
import { epochSeconds, type Instant, instantAt } from './instant.ts';
import { type TimeZone, utc } from './time-zone.ts';
import { epochSecondsOfWall, type WallTime, wallSecondsAt, wallSecondsOf, wallTimeOf } from './time-zone-wall.ts';

// Proxmox gives up after so many jumps; a date that never comes (02-30) ends there.
const mostJumps = 1001;

/** The first start strictly after that moment, in the server's zone; undefined when there is none. */
export function nextEvent(event: CalendarEvent, after: Instant, serverZone: TimeZone): Instant | undefined {
  const zone = event.utc ? utc : serverZone;
  let at = epochSeconds(after) + 1;
  for (let jumps = 0; jumps < mostJumps; jumps += 1) {
    const jump = jumpFrom(event, wallTimeOf(wallSecondsAt(at, zone)));
    if (jump === 'here') return instantAt(at * 1000);
    if (jump === 'never') return undefined;
    at = epochSecondsOfWall(jump, zone, at);
  }
  return undefined;
}

/** To which wall seconds the search goes on; a field of a higher order is settled before those below it. */
function jumpFrom(event: CalendarEvent, now: WallTime): number | 'here' | 'never' {
  const { year, month, day, hour, minute, second } = now;
  if (!fieldHas(event.year, year)) {
    const next = nextListed(event.year, year);
    return next === undefined ? 'never' : wallSecondsOf(next, 1, 1);
  }
  if (!fieldHas(event.month, month)) {
    const next = nextListed(event.month, month);
    return next === undefined ? wallSecondsOf(year + 1, 1, 1) : wallSecondsOf(year, next, 1);
  }
  if (!fieldHas(event.day, day)) {
    const next = nextListed(event.day, day);
    return next === undefined ? wallSecondsOf(year, month + 1, 1) : wallSecondsOf(year, month, next);
  }
  const daysToWait = daysToWeekday(event.weekdays, now.weekday);
  if (daysToWait > 0) return wallSecondsOf(year, month, day + daysToWait);
  if (!fieldHas(event.hour, hour)) {
    const next = nextListed(event.hour, hour);
    return next === undefined ? wallSecondsOf(year, month, day + 1) : wallSecondsOf(year, month, day, next);
  }
  if (!fieldHas(event.minute, minute))
    return wallSecondsOf(year, month, day, ...carried(hour, nextListed(event.minute, minute)));
  if (!fieldHas(event.second, second))
    return wallSecondsOf(year, month, day, hour, ...carried(minute, nextListed(event.second, second)));
  return 'here';
}

/** The next value of the lower field, or the beginning of the next higher one. */
const carried = (higher: number, next: number | undefined): [number, number] =>
  next === undefined ? [higher + 1, 0] : [higher, next];

function daysToWeekday(weekdays: readonly number[], today: number): number {
  if (weekdays.length === 0) return 0;
  let days = 0;
  while (!weekdays.includes((today + days) % 7)) days += 1;
  return days;
}
