// Forms of text that several sections share. Each says what is wrong in the operator's words, and what to write instead.
import * as z from 'zod';
import { isCalendarProblem } from '../../values/calendar.ts';
import { calendarLint } from '../../values/calendar-lint.ts';
import { parseCalendar } from '../../values/calendar-parse.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { timeZoneProblem } from '../../values/time-zone.ts';

/** Words for what is there and wrong; what is missing is said to be missing. */
const says = (message: string) => ({
  error: (issue: z.core.$ZodRawIssue) => (issue.input === undefined ? undefined : message),
});

const text = (wrongType: string, problemOf: (written: string) => string | undefined) =>
  z.string(says(wrongType)).superRefine((written, context) => {
    const message = problemOf(written);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

export const timeZone = text('is no time zone; write it as Europe/Berlin', timeZoneProblem);

const at = (position: number): string => `at character ${position + 1}`;

/** `24h`, `30d`: a length of time, kept as it was written. */
export const timeSpan = text('is no length of time; write it as 90m, 24h or 30d', (written) => {
  const span = parseTimeSpan(written);
  if (typeof span === 'object')
    return `is no length of time: ${span.problem} (${at(span.at)}); write it as 90m, 24h or 30d`;
  return span > 0 ? undefined : 'is no time at all; write it as 90m, 24h or 30d';
});

/** A calendar event of Proxmox: `02:00`, `sat 18:15`, `daily`. */
export const schedule = text('is no schedule; write it as "02:00", in quotes', (written) => {
  const event = parseCalendar(written);
  if (isCalendarProblem(event))
    return `is no schedule: ${event.problem} (${at(event.at)}); write it as 02:00, sat 18:15 or daily`;
  return calendarLint(event).find(({ trap }) => trap === 'never')?.says;
});

/** Never quotes the text: it may hold a login. */
function urlProblem(written: string): string | undefined {
  const url = URL.parse(written);
  if (url === null) return 'is no address; write it as https://HOST:PORT';
  if (url.username !== '' || url.password !== '') return 'holds a login; write it beside the url, as token or login';
  if (url.protocol !== 'https:') return `begins with ${url.protocol}//, only https:// is spoken`;
  if (url.search !== '' || url.hash !== '') return 'has a query; write only https://HOST:PORT';
  return url.pathname === '/' ? undefined : 'has a path; write only https://HOST:PORT';
}

/** `https://HOST:PORT`, and nothing else. */
export const serverUrl = text('is no address; write it as https://HOST:PORT', urlProblem).transform(
  (written) => new URL(written).origin,
);

export const date = z.iso.date(says('is no date; write it as 2027-01-31'));

export const wholeNumber = (least: number, most: number) => {
  const error = says(`must be a whole number from ${least} to ${most}`);
  return z.int(error).min(least, error).max(most, error);
};
