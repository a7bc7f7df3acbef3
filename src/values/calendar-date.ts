// The Gregorian calendar as whole numbers: a day is counted from 1970-01-01. Nothing here knows a time zone or a clock.

export type CalendarDate = Readonly<{ year: number; month: number; day: number }>;

// From 0000-03-01 to 1970-01-01.
const daysFromYearZeroTo1970 = 719_468;

const remainder = (value: number, of: number): number => ((value % of) + of) % of;

/** The day of a date, counted from 1970-01-01. What is out of range carries: month 16 is April of the next year. */
export function dayOfDate(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1;
  const monthsFromMarch = remainder(months + 10, 12);
  // A year that begins in March ends with the leap day, so the lengths of its months follow one formula.
  const marchYear = Math.floor((months - 2) / 12);
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const daysBeforeMonth = Math.floor((153 * monthsFromMarch + 2) / 5);
  return marchYear * 365 + leapDays + daysBeforeMonth + day - 1 - daysFromYearZeroTo1970;
}

export function dateOfDay(count: number): CalendarDate {
  let year = Math.floor(count / 365.2425) + 1970;
  while (dayOfDate(year, 1, 1) > count) year -= 1;
  while (dayOfDate(year + 1, 1, 1) <= count) year += 1;
  let month = Math.floor((count - dayOfDate(year, 1, 1)) / 31) + 1;
  if (dayOfDate(year, month + 1, 1) <= count) month += 1;
  return { year, month, day: count - dayOfDate(year, month, 1) + 1 };
}

/** How many days the month can have: February has two answers. */
export const lengthsOfMonth = (month: number): readonly number[] =>
  month === 2 ? [28, 29] : [dayOfDate(2001, month + 1, 1) - dayOfDate(2001, month, 1)];

/** 0 is Monday, 6 is Sunday. */
export const weekdayOfDay = (count: number): number => remainder(count + 3, 7);

/** Weeks counted from the one that holds 1970-01-01; they begin on Monday, as ISO 8601 has it. */
export const weekOfDay = (count: number): number => Math.floor((count + 3) / 7);

/** The ISO 8601 week: its year is the year of its Thursday. */
export function isoWeekOfDay(count: number): Readonly<{ year: number; week: number }> {
  const thursday = weekOfDay(count) * 7;
  const { year } = dateOfDay(thursday);
  return { year, week: Math.floor((thursday - dayOfDate(year, 1, 1)) / 7) + 1 };
}

const digits = (value: number, length: number): string => String(value).padStart(length, '0');

/** `2026-01-04` */
export function formatDay(count: number): string {
  const { year, month, day } = dateOfDay(count);
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}

/** `2026-W01` */
export function formatIsoWeek(count: number): string {
  const { year, week } = isoWeekOfDay(count);
  return `${digits(year, 4)}-W${digits(week, 2)}`;
}
