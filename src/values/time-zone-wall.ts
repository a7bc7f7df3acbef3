// The clock on the wall. Wall seconds are what a local clock shows, written as the seconds since 1970 at which UTC would show
// the same: dates and hours of a zone become plain division, and only the way back needs a rule for the changed hours.
import { dateOfDay, dayOfDate, weekdayOfDay } from './calendar-date.ts';
import { offsetAt, type TimeZone, utc } from './time-zone.ts';

const daySeconds = 86_400;

export type WallTime = Readonly<{
  year: number;
  month: number;
  day: number;
  /** 0 is Monday */
  weekday: number;
  hour: number;
  minute: number;
  second: number;
}>;

export const wallSecondsAt = (epochSeconds: number, zone: TimeZone): number =>
  epochSeconds + offsetAt(epochSeconds, zone);

export function wallTimeOf(wallSeconds: number): WallTime {
  const dayCount = Math.floor(wallSeconds / daySeconds);
  const rest = wallSeconds - dayCount * daySeconds;
  const hour = Math.floor(rest / 3600);
  const minute = Math.floor(rest / 60) % 60;
  return { ...dateOfDay(dayCount), weekday: weekdayOfDay(dayCount), hour, minute, second: rest % 60 };
}

/** What is out of range carries: hour 25 is one o'clock of the next day. */
export const wallSecondsOf = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number =>
  dayOfDate(year, month, day) * daySeconds + hour * 3600 + minute * 60 + second;

/**
 * The moment at which the zone's clocks show this, as mktime answers it when it must find out about summer time by itself:
 * a time that is shown twice is its first showing later than `after`; a time that is left out is as much later as the
 * clocks were put forward.
 */
export function epochSecondsOfWall(wallSeconds: number, zone: TimeZone, after: number): number {
  if (zone === utc) return wallSeconds;
  const before = offsetAt(wallSeconds - daySeconds, zone);
  const behind = offsetAt(wallSeconds + daySeconds, zone);
  for (const offset of before > behind ? [before, behind] : [behind, before]) {
    const moment = wallSeconds - offset;
    if (moment > after && offsetAt(moment, zone) === offset) return moment;
  }
  return wallSeconds - before;
}
