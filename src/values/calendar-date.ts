// The Gregorian calendar as whole numbers: a day is counted from 1970-01-01. Nothing here knows a time zone or a clock.

export type CalendarDate = Readonly<{ year: number; month: number; day: number }>;

// From 0000-03-01 to 1970-01-01.
const daysFromYearZeroTo1970 = 719_468;

const remainder = (value: number, of: number): number => ((value % of) + of) % of;

// A year that begins in March ends with the leap day, so where it begins and the lengths of its months follow one formula each.
const daysBeforeMarchYear = (year: number): number =>
  year * 365 + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
const daysBeforeMarchMonth = (month: number): number => Math.floor((153 * month + 2) / 5);

/** The day of a date, counted from 1970-01-01. What is out of range carries: month 16 is April of the next year. */
export function dayOfDate(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1;
  const marchYear = Math.floor((months - 2) / 12);
  const days = daysBeforeMarchYear(marchYear) + daysBeforeMarchMonth(remainder(months + 10, 12));
  return days + day - 1 - daysFromYearZeroTo1970;
}

export function dateOfDay(count: number): CalendarDate {
  const days = count + daysFromYearZeroTo1970;
  let marchYear = Math.floor(days / 365.2425);
  if (daysBeforeMarchYear(marchYear) > days) marchYear -= 1;
  else if (daysBeforeMarchYear(marchYear + 1) <= days) marchYear += 1;
  const rest = days - daysBeforeMarchYear(marchYear);
  const monthsFromMarch = Math.floor((5 * rest + 2) / 153);
  const beginsBefore = monthsFromMarch >= 10 ? 1 : 0;
  return {
    year: marchYear + beginsBefore,
    month: monthsFromMarch + 3 - 12 * beginsBefore,
    day: rest - daysBeforeMarchMonth(monthsFromMarch) + 1,
  };
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
