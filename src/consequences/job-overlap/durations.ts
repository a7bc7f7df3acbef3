// How long backup jobs took of late, by the tasks that a cluster still lists. A task of several guests names no job: it is taken
// for the job's that was due when it began.
import type { FactTypes } from '../../model/fact-types.ts';
import type { CalendarEvent } from '../../values/calendar.ts';
import { nextEvent } from '../../values/calendar-next.ts';
import { type Duration, minutes, seconds } from '../../values/duration.ts';
import { after, instantAt } from '../../values/instant.ts';
import type { TimeZone } from '../../values/time-zone.ts';

type Ended = FactTypes['ended-backups']['answer'];

// The scheduler of PVE looks once a minute (facts: pve-api section 4); a busy node is a little later.
const late = minutes(3);

/** The longest of them; undefined where none is listed. */
export function longestRun(event: CalendarEvent, zone: TimeZone, tasks: Ended): Duration | undefined {
  const lasted = tasks.flatMap(({ startedAt, endedAt }) => {
    const start = instantAt(startedAt * 1000);
    const due = nextEvent(event, after(start, seconds(-late / 1000)), zone);
    return due !== undefined && due <= start ? [endedAt - startedAt] : [];
  });
  return lasted.length === 0 ? undefined : seconds(Math.max(...lasted));
}
