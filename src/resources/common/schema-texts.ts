// Forms of text that entries of many kinds have, as PBS takes them (facts: pbs-api, before section 1 and section 1). Each says
// what is wrong in the operator's words.
import * as z from 'zod';
import { byteSizeProblem } from '../../values/byte-size.ts';
import { isCalendarProblem } from '../../values/calendar.ts';
import { calendarLint } from '../../values/calendar-lint.ts';
import { parseCalendar } from '../../values/calendar-parse.ts';
import { fingerprintProblem } from '../../values/fingerprint.ts';
import { longestNamespace, namespaceForm, namespaceOrRootForm, noNamespace } from '../../values/namespace.ts';

const checked = (problemOf: (written: string) => string | undefined) =>
  z.string().superRefine((written, context) => {
    const message = problemOf(written);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** The name of nearly everything that has a section in a config file of PBS. */
export const safeId = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{2,31}$/, 'has 3 to 32 letters, digits, `.`, `_`, `-`');

export const calendarEvent = checked((written) => {
  const event = parseCalendar(written);
  return isCalendarProblem(event)
    ? `${event.problem}, at character ${event.at + 1}`
    : calendarLint(event).find(({ trap }) => trap === 'never')?.says;
});

export const comment = z
  .string()
  .max(128)
  .regex(/^[^\p{Cc}]*$/u, 'is one line');

export const namespace = z.string().max(longestNamespace).regex(namespaceForm, noNamespace);
export const namespaceOrRoot = z.string().max(longestNamespace).regex(namespaceOrRootForm, noNamespace);

/** `10 MiB`: a size, or a rate in bytes per second. */
export const byteSize = checked(byteSizeProblem);

export const fingerprint = checked(fingerprintProblem);

const user = '[^\\s:/!\\p{Cc}]+@[A-Za-z0-9_][A-Za-z0-9._-]*';
const ofUser = (form: string, says: string) =>
  z
    .string()
    .max(64)
    .regex(new RegExp(`^${form}$`, 'u'), says);
export const userId = ofUser(user, 'is no user of a PBS; it is written USER@REALM');
export const authId = ofUser(
  `${user}(?:![A-Za-z0-9_][A-Za-z0-9._-]*)?`,
  'is no login of a PBS; it is written USER@REALM or USER@REALM!TOKEN',
);

export const threads = z.int().min(1).max(32);
export const namespaceDepth = z.int().min(0).max(7);
export const port = z.int().min(1).max(65535);

const hostName = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
export const isHost = (text: string): boolean =>
  hostName.test(text) || (/^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`https://[${text}]/`));
