// When jobs start in the next fourteen days, by the clock of the server that starts them. A server's clock is compared with
// itself only, or with those of servers that may keep another zone: then by what the clocks show.
import { type CalendarEvent, isCalendarProblem } from '../../values/calendar.ts';
import { parseCalendar } from '../../values/calendar-parse.ts';
import { runsBetween } from '../../values/calendar-runs.ts';
import { days } from '../../values/duration.ts';
import { after, epochMilliseconds, type Instant } from '../../values/instant.ts';
import { utc } from '../../values/time-zone.ts';

const horizon = days(14);
// Jobs that start more often than every quarter of an hour meet everything.
const mostStarts = 1344;

export type Schedules = Readonly<{
  eventOf(schedule: string): CalendarEvent | undefined;
  /** what the server's clock shows at each start, as if it were UTC; `UTC` schedules are apart from the others */
  startsOf(schedule: string): readonly Instant[];
}>;

/** The same schedule is worked out once, however many jobs have it. */
export function schedulesFrom(from: Instant): Schedules {
  const known = new Map<string, readonly Instant[]>();
  const events = new Map<string, CalendarEvent | undefined>();
  const eventOf = (schedule: string): CalendarEvent | undefined => {
    if (events.has(schedule)) return events.get(schedule);
    const read = parseCalendar(schedule);
    const event = isCalendarProblem(read) ? undefined : read;
    events.set(schedule, event);
    return event;
  };
  return {
    eventOf,
    startsOf: (schedule) => {
      const event = eventOf(schedule);
      const starts =
        known.get(schedule) ??
        (event === undefined ? [] : runsBetween(event, utc, from, after(from, horizon), mostStarts));
      known.set(schedule, starts);
      return starts;
    },
  };
}

export type Meeting<Job> = Readonly<{ jobs: readonly Job[]; first: Instant; times: number; utc: boolean }>;

/** Sets of jobs that start at the same minute, the most frequent first. */
export function meetings<Job extends Readonly<{ schedule: string }>>(
  jobs: readonly Job[],
  { startsOf, eventOf }: Schedules,
): readonly Meeting<Job>[] {
  const bySchedule = [...Map.groupBy(jobs, ({ schedule }) => schedule)];
  const minutes = new Map<string, number[]>();
  for (const [index, [schedule]] of bySchedule.entries()) {
    const clock = eventOf(schedule)?.utc === true ? 'utc' : 'own';
    for (const start of startsOf(schedule)) {
      const minute = `${clock} ${start.slice(0, 16)}`;
      const there = minutes.get(minute);
      if (there === undefined) minutes.set(minute, [index]);
      else if (there.at(-1) !== index) there.push(index);
    }
  }
  const sets = Map.groupBy(minutes, ([minute, indices]) => `${minute.slice(0, 3)} ${indices.join(' ')}`);
  return [...sets.values()]
    .flatMap((times): Meeting<Job>[] => {
      const [minute, indices] = times[0] ?? ['', []];
      const met = indices.flatMap((index) => bySchedule[index]?.[1] ?? []);
      const first = times.map(([at]) => at.slice(4)).sort()[0] ?? '';
      if (met.length < 2) return [];
      return [{ jobs: met, times: times.length, utc: minute.startsWith('utc'), first: `${first}:00.000Z` as Instant }];
    })
    .sort((one, other) => other.times - one.times || (one.first < other.first ? -1 : 1));
}

/** Whether starts of the two come within that many milliseconds of each other, without being the same. */
export function comesNear(one: readonly Instant[], other: readonly Instant[], within: number): boolean {
  let index = 0;
  for (const start of one) {
    const at = epochMilliseconds(start);
    while (index < other.length && epochMilliseconds(other[index] ?? start) < at - within) index += 1;
    for (let next = index; next < other.length; next += 1) {
      const away = Math.abs(epochMilliseconds(other[next] ?? start) - at);
      if (away > within) break;
      if (away > 0) return true;
    }
  }
  return false;
}
