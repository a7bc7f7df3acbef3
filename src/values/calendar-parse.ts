// The grammar of calendar events (facts: pbs-prune-and-calendar B.1). The whole text must match.
import { type CalendarEvent, type CalendarProblem, isCalendarProblem, type TimeForm } from './calendar.ts';
import { type Field, type FieldName, only } from './calendar-field.ts';
import { found, type Read, readField, readWeekdays, skipBlanks } from './calendar-read.ts';

const words: Readonly<Record<string, string>> = {
  minutely: '*:*',
  hourly: '*:00',
  daily: '00:00',
  weekly: 'mon 00:00',
  monthly: '*-01 00:00',
  quarterly: '01,04,07,10-01 00:00',
  semiannually: '01,07-01 00:00',
  'semi-annually': '01,07-01 00:00',
  yearly: '01-01 00:00',
  annually: '01-01 00:00',
};

const wordFor = (text: string): string | undefined => (Object.hasOwn(words, text) ? words[text] : undefined);

type Fields = Readonly<Partial<Record<FieldName, Field>>>;

/** An event, or what is wrong with the text and at which character. */
export function parseCalendar(text: string): CalendarEvent | CalendarProblem {
  const utc = text.endsWith('UTC');
  const body = utc ? text.slice(0, -3).replace(/ +$/, '') : text;
  if (body === '') return { problem: 'has neither a weekday, a date nor a time', at: 0 };
  if (/^[ \t]/.test(body)) return { problem: 'begins with a blank', at: 0 };
  const word = wordFor(body);
  if (word === undefined && wordFor(body.toLowerCase()) !== undefined)
    return { problem: `"${body}" is written in lower case`, at: 0 };
  const read = readEvent(word ?? body);
  if (isCalendarProblem(read)) return read;
  return { text, utc, ...read, time: word === undefined ? read.time : 'word' };
}

type Body = Omit<CalendarEvent, 'text' | 'utc'>;

function readEvent(body: string): Body | CalendarProblem {
  const weekdays = /^[A-Za-z]/.test(body) ? readWeekdays(body, 0) : { value: [], at: 0 };
  if (isCalendarProblem(weekdays)) return weekdays;
  const date = readDate(body, skipBlanks(body, weekdays.at));
  if (isCalendarProblem(date)) return date;
  const timeAt = skipBlanks(body, date.at);
  const time = timeAt === body.length ? midnight(timeAt) : readTime(body, timeAt);
  if (isCalendarProblem(time)) return time;
  if (time.at < body.length) return { problem: `did not expect ${found(body, time.at)} here`, at: time.at };
  return { ...everyValue, weekdays: weekdays.value, ...date.value, ...time.value.fields, time: time.value.form };
}

const everyValue = { year: [], month: [], day: [], hour: [], minute: [], second: [] };

// Only dates are written with `-`, only times with `:`, so their number tells which form it is.
const numberOf = (mark: string, text: string): number => text.split(mark).length - 1;

function readDate(body: string, at: number): Read<Fields> {
  const marks = numberOf('-', body.slice(at));
  if (marks === 0) return { value: {}, at };
  return readFields(body, at, '-', marks === 1 ? ['month', 'day'] : ['year', 'month', 'day']);
}

type Time = Readonly<{ fields: Fields; form: TimeForm }>;

const midnight = (at: number): Read<Time> => ({
  value: { fields: { hour: only(0), minute: only(0), second: only(0) }, form: 'none' },
  at,
});

function readTime(body: string, at: number): Read<Time> {
  const marks = numberOf(':', body.slice(at));
  if (marks === 0) return timeOf(readFields(body, at, ':', ['minute']), 'minute');
  if (marks > 1) return timeOf(readFields(body, at, ':', ['hour', 'minute', 'second']), 'hour:minute:second');
  const asHours = timeOf(readFields(body, at, ':', ['hour', 'minute']), 'hour:minute');
  // Proxmox lets the hour be left out, so what is no hour is read again as minutes and seconds: 24:00 is minute 24.
  if (!isCalendarProblem(asHours)) return asHours;
  const asMinutes = timeOf(readFields(body, at, ':', ['minute', 'second']), 'minute:second');
  return isCalendarProblem(asMinutes) ? asHours : asMinutes;
}

function timeOf(read: Read<Fields>, form: TimeForm): Read<Time> {
  if (isCalendarProblem(read)) return read;
  return { value: { fields: { second: only(0), ...read.value }, form }, at: read.at };
}

function readFields(body: string, at: number, mark: string, names: readonly FieldName[]): Read<Fields> {
  const fields: Partial<Record<FieldName, Field>> = {};
  let next = at;
  for (const [index, name] of names.entries()) {
    if (index > 0 && body[next] !== mark)
      return { problem: `expected "${mark}" and the ${name}, found ${found(body, next)}`, at: next };
    const field = readField(body, index > 0 ? next + 1 : next, name);
    if (isCalendarProblem(field)) return field;
    fields[name] = field.value;
    next = field.at;
  }
  return { value: fields, at: next };
}
