// The jobs of an estate that Holdfast itself carries out, and when each comes next. Backup jobs are not among them: PVE starts
// those by itself and tells us nothing, so our journal would call them pending for ever.

import type { Estate } from './model/estate.ts';
import type { JobOfEstate } from './model/job-history.ts';
import { isCalendarProblem } from './values/calendar.ts';
import { nextEvent } from './values/calendar-next.ts';
import { parseCalendar } from './values/calendar-parse.ts';
import type { Instant } from './values/instant.ts';
import { parseTimeZone, utc } from './values/time-zone.ts';

export const jobsOf = (estate: Estate, now: Instant): readonly JobOfEstate[] =>
  estate.layers.map(({ name, kind, workload }) => ({ name, kind, workload, nextRun: nextRunOf(estate, name, now) }));

/** Undefined where it waits for another job, or has no schedule. */
function nextRunOf({ schedules, time_zone }: Estate, job: string, now: Instant): Instant | undefined {
  const written = schedules.find((one) => one.job === job)?.schedule;
  if (written === undefined) return undefined;
  const event = parseCalendar(written);
  return isCalendarProblem(event) ? undefined : nextEvent(event, now, parseTimeZone(time_zone) ?? utc);
}
