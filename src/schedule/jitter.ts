// How much later than its time a job starts: always the same for one job on one day, so that a restart does not roll again.

import { formatDay } from '../values/calendar-date.ts';
import { digestOfText } from '../values/canonical.ts';
import { offsetAt, utc } from '../values/time-zone.ts';
import { type Calendar, nextDue } from './occurrences.ts';
import type { Timing } from './timetable.ts';

const daySeconds = 86_400;

/** Between nothing and nearly one. */
const share = (text: string): number => Number.parseInt(digestOfText(text).slice(0, 12), 16) / 2 ** 48;

/** The second at which what is due at `cycle` starts; before the next one is due, however large the jitter. */
export function startOf({ job, jitter }: Pick<Timing, 'job' | 'jitter'>, calendar: Calendar, cycle: number): number {
  const most = Math.floor(jitter / 1000);
  if (most === 0) return cycle;
  const zone = calendar.event.utc ? utc : calendar.zone;
  const day = formatDay(Math.floor((cycle + offsetAt(cycle, zone)) / daySeconds));
  const next = nextDue(calendar, cycle) ?? cycle + most;
  return cycle + Math.floor(share(`${job} ${day}`) * Math.min(most, next - cycle));
}
