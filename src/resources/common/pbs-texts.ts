// Forms of text that many entries of a PBS have (facts: pbs-api section 1 and 7).
import * as z from 'zod';
import { isCalendarProblem } from '../../values/calendar.ts';
import { parseDailyDuration } from '../../values/calendar-daily.ts';

export const line = (least: number, most: number) =>
  z
    .string()
    .min(least)
    .max(most)
    .regex(/^[^\p{Cc}]*$/u, 'is one line');

/** Notification objects may have shorter names than other sections. */
export const notificationName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{1,31}$/, 'has 2 to 32 letters, digits, `.`, `_`, `-`');

export const tokenId = z
  .string()
  .max(64)
  .regex(
    /^[^\s:/!\p{Cc}]+@[A-Za-z0-9_][A-Za-z0-9._-]*![A-Za-z0-9_][A-Za-z0-9._-]*$/u,
    'is no token of a PBS; it is written USER@REALM!NAME',
  );

/** A token belongs to the user before its `!`. */
export const userOf = (auth: string): string => auth.split('!')[0] ?? auth;
export const isToken = (auth: string): boolean => auth.includes('!');

export const dailyDuration = z.string().superRefine((text, context) => {
  const read = parseDailyDuration(text);
  if (isCalendarProblem(read))
    context.addIssue({
      code: 'custom',
      message: `is no part of a day: ${read.problem}, at character ${read.at + 1}; write it as 8:00-18:30 or mon..fri 22-23:59`,
    });
});
