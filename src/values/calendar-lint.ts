// What a calendar event means without its writer knowing. Each warning says what will happen, and what to write instead.
import type { CalendarEvent } from './calendar.ts';
import { lengthsOfMonth } from './calendar-date.ts';
import { bounds, type Field, type FieldName, fieldHas, type Item, nextListed } from './calendar-field.ts';

export type CalendarTrap = 'hour-read-as-minute' | 'lone-minute' | 'uneven-step' | 'short-month' | 'never';
export type CalendarWarning = Readonly<{ trap: CalendarTrap; says: string }>;

export const calendarLint = (event: CalendarEvent): readonly CalendarWarning[] => [
  ...readAsMinutes(event),
  ...impossibleDate(event),
  ...unevenSteps(event),
  ...shortMonths(event),
];

function readAsMinutes({ minute, second, time }: CalendarEvent): CalendarWarning[] {
  const minutes = showField(minute);
  if (time === 'minute:second') {
    const says = `${minutes} is no hour, so Proxmox reads minute ${minutes} and second ${showField(second)} of every hour; midnight is 00:00`;
    return [{ trap: 'hour-read-as-minute', says }];
  }
  const couldBeHours = minute.length > 0 && minute.every(({ from, to }) => from > 0 && to !== undefined && to <= 23);
  if (time !== 'minute' || !couldBeHours) return [];
  const says = `a number alone is the minute: ${minutes} means minute ${minutes} of every hour; the hour is written ${minutes}:00`;
  return [{ trap: 'lone-minute', says }];
}

function impossibleDate({ month, day }: CalendarEvent): CalendarWarning[] {
  if (day.length === 0) return [];
  const exists = listed(month, 1, 12).some((one) => listed(day, 1, Math.max(...lengthsOfMonth(one))).length > 0);
  return exists ? [] : [{ trap: 'never', says: 'no month has such a day, so this never comes' }];
}

// Only fields whose wrap-around can be followed by a listed value of the next higher field lose anything.
function unevenSteps(event: CalendarEvent): CalendarWarning[] {
  return [
    ...unevenStep(event.second, 'second', () => neighbours(event.minute, 'minute')),
    ...unevenStep(event.minute, 'minute', () => neighbours(event.hour, 'hour')),
    ...unevenStep(event.hour, 'hour', () => neighbours(event.day, 'day') && weekdaysInARow(event.weekdays)),
    ...unevenStep(event.month, 'month', () => neighbours(event.year, 'year')),
  ];
}

const higherFields = { second: 'minute', minute: 'hour', hour: 'day', month: 'year' } as const;

function unevenStep(field: Field, name: keyof typeof higherFields, wraps: () => boolean): CalendarWarning[] {
  const { base, highest } = bounds[name];
  const runsOn = field.some(({ to }) => to === undefined);
  const lost = runsOn && wraps() ? passedOver(field, base, highest) : [];
  if (lost.length === 0) return [];
  const says =
    `the step of ${showField(field)} runs beyond the ${higherFields[name]}: ` +
    `once it is running, ${name} ${lost.join(', ')} is passed over; ${showField(closed(field, highest))} keeps it`;
  return [{ trap: 'uneven-step', says }];
}

type MonthLoss = Readonly<{ length: number; days: readonly number[]; kept: boolean }>;

function shortMonths({ month, day }: CalendarEvent): CalendarWarning[] {
  if (day.length === 0) return [];
  const whole = closed(day, bounds.day.highest);
  const losses = [28, 29, 30, 31].flatMap((length): MonthLoss[] => {
    const longestNext = longestAfter(length, month);
    const days = passedOver(day, 1, length, longestNext);
    const kept = passedOver(whole, 1, length, longestNext).length === 0;
    return days.length === 0 ? [] : [{ length, days, kept }];
  });
  const uneven = losses.filter(({ kept }) => kept);
  const short = losses.filter(({ kept }) => !kept);
  return [
    ...lossBetweenMonths('uneven-step', uneven, `the step of ${showField(day)}`, `${showField(whole)} keeps it`),
    ...lossBetweenMonths('short-month', short, showField(day), 'a day that not every month has wants its own schedule'),
  ];
}

function lossBetweenMonths(
  trap: CalendarTrap,
  losses: readonly MonthLoss[],
  what: string,
  remedy: string,
): CalendarWarning[] {
  if (losses.length === 0) return [];
  const lengths = losses.map(({ length }) => length).join(' or ');
  const days = [...new Set(losses.flatMap((loss) => loss.days))].join(', ');
  const says = `${what} runs beyond a month of ${lengths} days: day ${days} of the next is passed over; ${remedy}`;
  return [{ trap, says }];
}

/** The days of the longest listed month that comes right after a listed month of this length; 0 where there is none. */
function longestAfter(length: number, months: Field): number {
  const pairs = listed(months, 1, 12).map((month) => [month, (month % 12) + 1] as const);
  const following = pairs.filter(([month, next]) => lengthsOfMonth(month).includes(length) && fieldHas(months, next));
  return Math.max(0, ...following.flatMap(([, next]) => lengthsOfMonth(next)));
}

/** What the next round of the field lists, but the search never sees, since the jump out of this round lands behind it. */
function passedOver(field: Field, lowest: number, highest: number, nextHighest = highest): number[] {
  const lost = new Set<number>();
  if (field.length === 0) return [];
  for (let value = lowest; value <= highest; value += 1) {
    const next = fieldHas(field, value) ? undefined : nextListed(field, value);
    if (next === undefined || next <= highest) continue;
    const landing = lowest + next - highest - 1;
    for (const missed of listed(field, lowest, nextHighest)) if (missed < landing) lost.add(missed);
  }
  return [...lost].sort((a, b) => a - b);
}

function listed(field: Field, lowest: number, highest: number): number[] {
  const values: number[] = [];
  for (let value = lowest; value <= highest; value += 1) if (fieldHas(field, value)) values.push(value);
  return values;
}

function neighbours(field: Field, name: FieldName): boolean {
  const { base, highest } = bounds[name];
  const values = listed(field, base, highest);
  return values.some((value) => fieldHas(field, value === highest ? base : value + 1));
}

const weekdaysInARow = (weekdays: readonly number[]): boolean =>
  weekdays.length === 0 || weekdays.some((day) => weekdays.includes((day + 1) % 7));

const closed = (field: Field, highest: number): Field => field.map((item) => ({ ...item, to: item.to ?? highest }));

const showField = (field: Field): string => (field.length === 0 ? '*' : field.map(showItem).join(','));
function showItem({ from, to, step }: Item): string {
  const range = to === undefined || to === from ? `${from}` : `${from}..${to}`;
  return to === undefined || (step > 1 && to > from) ? `${range}/${step}` : range;
}
