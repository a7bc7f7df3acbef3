// A daily duration (`mon..fri 8:00-18:30`): traffic control's time frames and the hours of a notification matcher.
// The end does not belong to it, it cannot run over midnight, and its clock is the server's (facts: C).
import { type CalendarProblem, isCalendarProblem } from './calendar.ts';
import { found, type Read, readNumber, readWeekdays, skipBlanks } from './calendar-read.ts';
import { epochSeconds, type Instant } from './instant.ts';
import type { TimeZone } from './time-zone.ts';
import { wallSecondsAt, wallTimeOf } from './time-zone-wall.ts';

/** Minutes of the day from `start` up to but without `end`; no weekdays means every day, 0 is Monday. */
export type DailyDuration = Readonly<{ text: string; weekdays: readonly number[]; start: number; end: number }>;

export function parseDailyDuration(text: string): DailyDuration | CalendarProblem {
  const weekdays = /^[A-Za-z]/.test(text) ? readWeekdays(text, 0) : { value: [], at: 0 };
  if (isCalendarProblem(weekdays)) return weekdays;
  const startAt = weekdays.at === 0 ? 0 : skipBlanks(text, weekdays.at);
  const start = readMinuteOfDay(text, startAt);
  if (isCalendarProblem(start)) return start;
  const dash = skipBlanks(text, start.at);
  if (text[dash] !== '-') return { problem: `expected "-" and the end, found ${found(text, dash)}`, at: dash };
  const end = readMinuteOfDay(text, skipBlanks(text, dash + 1));
  if (isCalendarProblem(end)) return end;
  if (end.at < text.length) return { problem: `did not expect ${found(text, end.at)} here`, at: end.at };
  if (start.value > end.value)
    return { problem: 'ends before it begins; what runs over midnight is written as two', at: startAt };
  return { text, weekdays: weekdays.value, start: start.value, end: end.value };
}

function readMinuteOfDay(text: string, at: number): Read<number> {
  const hour = readNumber(text, at, 'hour', 23);
  if (isCalendarProblem(hour) || text[hour.at] !== ':')
    return isCalendarProblem(hour) ? hour : { value: hour.value * 60, at: hour.at };
  const minute = readNumber(text, hour.at + 1, 'minute', 59);
  return isCalendarProblem(minute) ? minute : { value: hour.value * 60 + minute.value, at: minute.at };
}

export function dailyDurationCovers(duration: DailyDuration, moment: Instant, serverZone: TimeZone): boolean {
  const { weekday, hour, minute } = wallTimeOf(wallSecondsAt(epochSeconds(moment), serverZone));
  const minuteOfDay = hour * 60 + minute;
  const onDay = duration.weekdays.length === 0 || duration.weekdays.includes(weekday);
  return onDay && minuteOfDay >= duration.start && minuteOfDay < duration.end;
}
