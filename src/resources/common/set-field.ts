// Sets whose members can be spelled in more than one way: the same member is the same text (facts: pbs-api section 8, calendar C).
import { isCalendarProblem } from '../../values/calendar.ts';
import { parseDailyDuration } from '../../values/calendar-daily.ts';
import type { Json } from '../../values/canonical.ts';
import type { Field, FieldRules } from './field.ts';

export const setOf = (param: string, canonicalMember: (member: string) => string, rules: FieldRules = {}): Field => ({
  ...rules,
  params: [param],
  standard: [],
  from: (row) => {
    const members = Array.isArray(row[param]) ? row[param].map((one: unknown) => canonicalMember(String(one))) : [];
    return [...new Set(members)].sort();
  },
  to: (value) => {
    const members = value as readonly Json[];
    return members.length === 0 ? {} : { [param]: members.map((one) => canonicalMember(String(one))) };
  },
});

export const sameWords = (list: string): string =>
  [...new Set(list.split(',').map((word) => word.trim()))].sort().join(',');

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const clock = (minutes: number): string => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;

/** `8-12` and `08:00 - 12:00` are the same part of the day. What cannot be read is compared as it stands. */
export function canonicalDailyDuration(text: string): string {
  const read = parseDailyDuration(text);
  if (isCalendarProblem(read)) return text;
  const hours = `${clock(read.start)}-${clock(read.end)}`;
  const days = [...new Set(read.weekdays)].sort();
  if (days.length === 0 || days.length === dayNames.length) return hours;
  return `${daysText(days)} ${hours}`;
}

/** `mon..fri`, `sat,sun`: three in a row are a range. */
function daysText(days: readonly number[]): string {
  const rows: number[][] = [];
  for (const day of days) {
    const row = rows.at(-1);
    if (row !== undefined && row.at(-1) === day - 1) row.push(day);
    else rows.push([day]);
  }
  const nameOf = (day: number | undefined): string => dayNames[day ?? 0] ?? '';
  const text = (row: readonly number[]): string =>
    row.length < 3 ? row.map(nameOf).join(',') : `${nameOf(row[0])}..${nameOf(row.at(-1))}`;
  return rows.map(text).join(',');
}
