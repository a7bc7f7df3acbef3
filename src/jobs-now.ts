// Every job of an estate as it stands now: from its schedule, from what is remembered, and from what ran.
import { stateFolder } from './apply/state.ts';
import type { Holdfast } from './holdfast.ts';
import { planningIn, planOf } from './job-plan.ts';
import { readScheduleMemory } from './journal/schedule-memory.ts';
import { layersOf } from './layers-of-estate.ts';
import type { Estate } from './model/estate.ts';
import type { ScheduleEntry } from './model/schedule.ts';
import { cyclesOf } from './schedule/cycles.ts';
import { type Standing, standingOf } from './schedule/standing.ts';
import { type Timetable, type Timing, timetableOf } from './schedule/timetable.ts';
import { type Overlap, overlaps } from './values/calendar-runs.ts';
import type { Instant } from './values/instant.ts';

export type Meeting = Readonly<{ job: string; lanes: readonly string[]; overlap: Overlap }>;

export type JobNow = Standing &
  Readonly<{
    timing: Timing | undefined;
    /** the newest first */
    missed: readonly ScheduleEntry[];
    /** jobs that want the same disk or machine while this one usually runs: one of the two will wait */
    meets: readonly Meeting[];
  }>;

// A month of nights, and what an hourly job does in a day and more.
const runsLookedAt = 31;
const eventsLookedAt = 200;
const mostMissed = 5;

export function jobsNow(holdfast: Holdfast, estate: Estate): readonly JobNow[] {
  const { clock } = holdfast.surroundings;
  const now = clock.now();
  const timetable = timetableOf(estate);
  const memory = readScheduleMemory(stateFolder(holdfast.root, estate.name));
  try {
    const marks = memory?.marks() ?? new Map();
    const standing = layersOf(estate).map(({ entry: { name } }) => ({
      ...standingOf(timetable, name, marks.get(name), memory?.runsOf(name, runsLookedAt) ?? [], now),
      timing: timetable.timings.get(name),
      missed: (memory?.events(eventsLookedAt, name) ?? [])
        .filter(({ event }) => event === 'missed')
        .slice(0, mostMissed),
    }));
    const lanes = new Map(standing.map(({ job }) => [job, lanesOf(holdfast, estate, job)]));
    return standing.map((one) => ({ ...one, meets: meetingsOf(timetable, one, standing, lanes, now) }));
  } finally {
    memory?.close();
  }
}

/** What its plan takes for itself; none where no plan can be made of it. */
function lanesOf({ surroundings: { clock } }: Holdfast, estate: Estate, job: string): readonly string[] {
  try {
    return planOf(estate, job, planningIn(estate, clock)).plan.steps.flatMap(({ lanes }) => lanes);
  } catch {
    return [];
  }
}

function meetingsOf(
  timetable: Timetable,
  one: Standing,
  all: readonly Standing[],
  lanes: ReadonlyMap<string, readonly string[]>,
  now: Instant,
): readonly Meeting[] {
  const own = expected(timetable, one);
  if (own === undefined) return [];
  return all.flatMap((other): Meeting[] => {
    const shared = (lanes.get(one.job) ?? []).filter((lane) => lanes.get(other.job)?.includes(lane));
    const theirs = other.job === one.job || shared.length === 0 ? undefined : expected(timetable, other);
    const [overlap] = theirs === undefined ? [] : overlaps(own, theirs, now, { atMost: 1 });
    return overlap === undefined ? [] : [{ job: other.job, lanes: [...new Set(shared)], overlap }];
  });
}

/** Undefined for a job that waits for others anyway, or whose time is not known. */
function expected(timetable: Timetable, { job, usual }: Standing) {
  const timing = timetable.timings.get(job);
  const calendar = timing?.follows.length === 0 ? cyclesOf(timetable, job) : undefined;
  return calendar === undefined || usual === undefined ? undefined : { ...calendar, takes: usual.median };
}
