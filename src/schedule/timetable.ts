// The schedules of an estate, read once: what each job is due by, what it waits for, and how much it may take.
import type { Budget, Estate, Schedule } from '../model/estate.ts';
import { parseByteSize, sizeOf } from '../values/byte-size.ts';
import { isCalendarProblem } from '../values/calendar.ts';
import { parseCalendar } from '../values/calendar-parse.ts';
import { type Duration, milliseconds } from '../values/duration.ts';
import { parseTimeSpan } from '../values/time-span.ts';
import { parseTimeZone, type TimeZone, utc } from '../values/time-zone.ts';
import type { Calendar } from './occurrences.ts';

/** `usable`: a degraded run will do. */
export type Follows = Readonly<{ job: string; needs: 'done' | 'usable' }>;

export type Timing = Readonly<{
  /** a layer's name */
  job: string;
  /** undefined where it only follows others */
  calendar: Calendar | undefined;
  follows: readonly Follows[];
  jitter: Duration;
  catchUp: boolean;
  /** it should be done this long after it was due */
  window: Duration | undefined;
  /** it is stopped when it has run this long */
  deadline: Duration | undefined;
  budget: Budget | undefined;
  /** what of it says when it is due, as text: another one is another schedule */
  when: string;
}>;

export type Timetable = Readonly<{
  timings: ReadonlyMap<string, Timing>;
  /** backup jobs that PVE starts by itself, by name: what they are due by, as far as it can be known from here */
  elsewhere: ReadonlyMap<string, Calendar | undefined>;
}>;

const spanOf = (text: string | undefined): Duration | undefined => {
  const span = text === undefined ? undefined : parseTimeSpan(text);
  return typeof span === 'number' ? span : undefined;
};

export function calendarOf(text: string | undefined, zoneName: string): Calendar | undefined {
  const event = text === undefined ? undefined : parseCalendar(text);
  return event === undefined || isCalendarProblem(event) ? undefined : { event, zone: parseTimeZone(zoneName) ?? utc };
}

/** What of a schedule says when; kept with what was started, so that a start that an older schedule owes can still be found. */
export type When = Readonly<{ schedule: string | null; zone: string; jitter: number; after: readonly string[] }>;

export const calendarOfWhen = ({ schedule, zone }: When): Calendar | undefined =>
  calendarOf(schedule ?? undefined, zone);

export function timingOf(entry: Schedule, estateZone: string): Timing {
  const zone = entry.time_zone ?? estateZone;
  const follows = (entry.after ?? []).map(
    (one): Follows =>
      typeof one === 'string' ? { job: one, needs: 'usable' } : { job: one.job, needs: one.needs ?? 'usable' },
  );
  const jitter = spanOf(entry.jitter) ?? milliseconds(0);
  const when: When = { schedule: entry.schedule ?? null, zone, jitter, after: follows.map(({ job }) => job) };
  return {
    job: entry.job,
    calendar: calendarOf(entry.schedule, zone),
    follows,
    jitter,
    catchUp: entry.catch_up ?? true,
    window: spanOf(entry.window),
    deadline: spanOf(entry.deadline),
    budget: entry.budget,
    when: JSON.stringify(when),
  };
}

type Declared = Pick<Estate, 'schedules' | 'time_zone' | 'sections'>;

/** The jobs that PVE starts and that a schedule waits for. */
export const followedElsewhere = ({ timings, elsewhere }: Timetable): readonly string[] =>
  [...new Set([...timings.values()].flatMap(({ follows }) => follows.map(({ job }) => job)))].filter(
    (job) => elsewhere.has(job) && !timings.has(job),
  );

/** Once it is known by which clock a node starts them, their times are those. */
export const inZones = (timetable: Timetable, zones: ReadonlyMap<string, TimeZone>): Timetable => ({
  ...timetable,
  elsewhere: new Map(
    [...timetable.elsewhere].map(([job, calendar]) => [
      job,
      calendar && { ...calendar, zone: zones.get(job) ?? calendar.zone },
    ]),
  ),
});

export function timetableOf({ schedules, time_zone, sections }: Declared): Timetable {
  const jobs = (sections['backup_jobs'] ?? []) as readonly Readonly<{ name: string; schedule?: string }>[];
  return {
    timings: new Map(schedules.map((entry) => [entry.job, timingOf(entry, time_zone)])),
    elsewhere: new Map(jobs.map(({ name, schedule }) => [name, calendarOf(schedule, time_zone)])),
  };
}

/** Bytes a second, where the budget limits them. */
export function limitOf(budget: Budget | undefined): number | undefined {
  const size = budget?.limit === undefined ? undefined : parseByteSize(budget.limit);
  return size === undefined ? undefined : sizeOf(size);
}
