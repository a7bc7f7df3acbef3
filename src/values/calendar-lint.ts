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
  const exists = listed(month, 1, 12).some((one) => listed(day, 1, Math.max(...lengthsOfMonth(one))).length > 0);
  return exists ? [] : [{ trap: 'never', says: 'no month has such a day, so this never comes' }];
}

// Only fields whose wrap-around can be followed by a listed value of the next higher field lose anything.
function unevenSteps(event: CalendarEvent): CalendarWarning[] {
  const dayAfterDay = neighbours(event.day, 'day') && weekdaysInARow(event.weekdays);
  return [
    ...unevenStep(event.second, 'second', neighbours(event.minute, 'minute')),
    ...unevenStep(event.minute, 'minute', neighbours(event.hour, 'hour')),
    ...unevenStep(event.hour, 'hour', dayAfterDay),
    ...unevenStep(event.month, 'month', neighbours(event.year, 'year')),
  ];
}

const higherFields = { second: 'minute', minute: 'hour', hour: 'day', month: 'year' } as const;

function unevenStep(field: Field, name: keyof typeof higherFields, wraps: boolean): CalendarWarning[] {
  const { base, highest } = bounds[name];
  const lost = wraps ? passedOver(field, base, highest, base, highest) : [];
  if (lost.length === 0) return [];
  const says =
    `the step of ${showField(field)} runs beyond the ${higherFields[name]}: ` +
    `once it is running, ${name} ${lost.join(', ')} is passed over; ${showField(closed(field, highest))} keeps it`;
  return [{ trap: 'uneven-step', says }];
}

function shortMonths(event: CalendarEvent): CalendarWarning[] {
  const warnings = new Map<string, CalendarWarning>();
  const months = listed(event.month, 1, 12);
  for (const month of months) {
    const following = (month % 12) + 1;
    if (!months.includes(following)) continue;
    for (const length of lengthsOfMonth(month)) {
      const longest = Math.max(...lengthsOfMonth(following));
      const lost = passedOver(event.day, 1, length, 1, longest);
      if (lost.length === 0) continue;
      const whole = closed(event.day, 31);
      const kept = passedOver(whole, 1, length, 1, longest).length === 0;
      warnings.set(lost.join(', '), kept ? unevenDays(event.day, lost, whole) : shortMonth(length, lost));
    }
  }
  return [...warnings.values()];
}

const unevenDays = (field: Field, lost: readonly number[], whole: Field): CalendarWarning => ({
  trap: 'uneven-step',
  says: `the step of ${showField(field)} runs beyond the month: day ${lost.join(', ')} of the next is passed over; ${showField(whole)} keeps it`,
});

const shortMonth = (length: number, lost: readonly number[]): CalendarWarning => ({
  trap: 'short-month',
  says: `a month of ${length} days lacks a listed day: the search for it passes over day ${lost.join(', ')} of the next month; a day that not every month has wants a schedule of its own`,
});

/** What the next round of the field lists, but the search never sees, since the jump out of this round lands behind it. */
function passedOver(field: Field, lowest: number, highest: number, nextLowest: number, nextHighest: number): number[] {
  const lost = new Set<number>();
  if (field.length === 0) return [];
  for (let value = lowest; value <= highest; value += 1) {
    const next = fieldHas(field, value) ? undefined : nextListed(field, value);
    if (next === undefined || next <= highest) continue;
    const landing = next - highest - 1 + nextLowest;
    for (const missed of listed(field, nextLowest, nextHighest)) if (missed < landing) lost.add(missed);
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
