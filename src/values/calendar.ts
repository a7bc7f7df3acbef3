// A calendar event as Proxmox VE and Proxmox Backup Server write schedules: which days, which dates, which times of day.
// Reading it is calendar-parse.ts, the next time it comes calendar-next.ts, its traps calendar-lint.ts.
import type { Field } from './calendar-field.ts';

export type CalendarEvent = Readonly<{
  /** as it was written */
  text: string;
  /** evaluated in UTC, whatever the zone of the server */
  utc: boolean;
  /** 0 is Monday; none means every day */
  weekdays: readonly number[];
  year: Field;
  month: Field;
  day: Field;
  hour: Field;
  minute: Field;
  second: Field;
  time: TimeForm;
}>;

/** Which numbers the time of day was written with. Without one it is midnight; a word (`daily`) brings its own. */
export type TimeForm = 'none' | 'word' | 'minute' | 'hour:minute' | 'minute:second' | 'hour:minute:second';

/** `at` counts characters from 0. */
export type CalendarProblem = Readonly<{ problem: string; at: number }>;

export const isCalendarProblem = (read: object): read is CalendarProblem => 'problem' in read;
