// Reading the small parts of calendar texts: numbers, lists of a field, weekdays. Each reader takes the text and a position,
// and gives what it read with the position behind it, or the problem and where it stands.
import { type CalendarProblem, isCalendarProblem } from './calendar.ts';
import { bounds, type Field, type FieldName, type Item } from './calendar-field.ts';

export type Read<T> = Readonly<{ value: T; at: number }> | CalendarProblem;

export const skipBlanks = (text: string, at: number): number => at + (/^[ \t]*/.exec(text.slice(at))?.[0].length ?? 0);

const runAt = (pattern: RegExp, text: string, at: number): string => pattern.exec(text.slice(at))?.[0] ?? '';

/** @param highest the highest number allowed here */
export function readNumber(text: string, at: number, name: string, highest: number): Read<number> {
  const digits = runAt(/^\d+/, text, at);
  if (digits === '') return { problem: `expected a number for the ${name}, found ${found(text, at)}`, at };
  const value = Number(digits);
  if (value > highest) return { problem: `${name} ${digits} is above ${highest}`, at };
  return { value, at: at + digits.length };
}

export function found(text: string, at: number): string {
  if (at >= text.length) return 'the end';
  return skipBlanks(text, at) > at ? 'a blank' : `"${runAt(/^(?:[A-Za-z]+|\d+|.)/su, text, at)}"`;
}

/** `*`, a star with a step, or a list of numbers, ranges and steps. */
export function readField(text: string, at: number, name: FieldName): Read<Field> {
  if (text[at] === '*') return readStar(text, at + 1, name);
  const items: Item[] = [];
  let next = at;
  do {
    const item = readItem(text, items.length === 0 ? next : next + 1, name);
    if (isCalendarProblem(item)) return item;
    items.push(item.value);
    next = item.at;
  } while (text[next] === ',');
  return { value: items, at: next };
}

function readStar(text: string, at: number, name: FieldName): Read<Field> {
  if (text[at] === ',') return { problem: '* already means every value and cannot stand in a list', at };
  if (text[at] !== '/') return { value: [], at };
  const step = readNumber(text, at + 1, stepOf(name), bounds[name].highest);
  if (isCalendarProblem(step)) return step;
  if (step.value === 0) return { problem: 'a step of 0 never gets anywhere', at: at + 1 };
  return { value: [{ from: bounds[name].base, step: step.value }], at: step.at };
}

function readItem(text: string, at: number, name: FieldName): Read<Item> {
  const { highest } = bounds[name];
  const first = readNumber(text, at, name, highest);
  if (isCalendarProblem(first)) return first;
  const from = first.value;
  const last = text.startsWith('..', first.at) ? readNumber(text, first.at + 2, name, highest) : undefined;
  if (last !== undefined && isCalendarProblem(last)) return last;
  if (last !== undefined && last.value < from) return { problem: `${name} ${from} comes after ${last.value}`, at };
  const behind = last?.at ?? first.at;
  if (text[behind] !== '/') return { value: { from, to: last?.value ?? from, step: 1 }, at: behind };
  const step = readNumber(text, behind + 1, stepOf(name), highest);
  if (isCalendarProblem(step)) return step;
  // Proxmox reads a step of 0 as the first value alone.
  if (step.value === 0) return { value: { from, to: from, step: 1 }, at: step.at };
  return { value: { from, ...(last && { to: last.value }), step: step.value }, at: step.at };
}

const stepOf = (name: FieldName): string => `step of the ${name}`;

const weekdayNames = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** Days and ranges of days; a range may run over the end of the week. 0 is Monday; all seven give none, for every day. */
export function readWeekdays(text: string, at: number): Read<readonly number[]> {
  const listed = new Set<number>();
  let next = at - 1;
  do {
    const first = readWeekday(text, next + 1);
    if (isCalendarProblem(first)) return first;
    const last = text.startsWith('..', first.at) ? readWeekday(text, first.at + 2) : first;
    if (isCalendarProblem(last)) return last;
    for (let day = first.value; day !== last.value; day = (day + 1) % 7) listed.add(day);
    listed.add(last.value);
    next = last.at;
  } while (text[next] === ',');
  return { value: listed.size === 7 ? [] : [...listed].sort(), at: next };
}

function readWeekday(text: string, at: number): Read<number> {
  const word = runAt(/^[A-Za-z]+/, text, at);
  const lower = word.toLowerCase();
  const value = weekdayNames.findIndex((name) => lower === name || lower === name.slice(0, 3));
  if (value >= 0) return { value, at: at + word.length };
  return { problem: `expected a weekday (mon to sun, or in full), found ${found(text, at)}`, at };
}
