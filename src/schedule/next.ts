// When a job starts next, as far as the calendar can say; and until when nothing will have to be looked at.
import type { Mark } from '../model/schedule.ts';
import { type Instant, instantAt } from '../values/instant.ts';
import { cyclesOf } from './cycles.ts';
import { startOf } from './jitter.ts';
import { type Calendar, nextDue } from './occurrences.ts';
import { secondsOf } from './seconds.ts';
import type { Timetable, Timing } from './timetable.ts';

export type NextStart = Readonly<{ cycle: Instant; start: Instant }>;

/** The next one after that moment that is not settled yet; undefined where it never comes again, or nothing says when. */
export function nextStart(
  timing: Timing,
  calendar: Calendar | undefined,
  mark: Mark | undefined,
  now: Instant,
): NextStart | undefined {
  if (calendar === undefined) return undefined;
  const settled = mark === undefined || mark.when !== timing.when ? now : mark.handled;
  const ran = new Set(mark?.ran);
  let cycle = nextDue(calendar, secondsOf(settled));
  while (cycle !== undefined && ran.has(instantAt(cycle * 1000))) cycle = nextDue(calendar, cycle);
  if (cycle === undefined) return undefined;
  return { cycle: instantAt(cycle * 1000), start: instantAt(startOf(timing, calendar, cycle) * 1000) };
}

/** The first moment after `now` at which a job is due. */
export function nextLook(timetable: Timetable, marks: ReadonlyMap<string, Mark>, now: Instant): Instant | undefined {
  const starts = [...timetable.timings.values()].flatMap((timing) => {
    const next = nextStart(timing, cyclesOf(timetable, timing.job), marks.get(timing.job), now);
    return next === undefined || next.start <= now ? [] : [next.start];
  });
  return starts.sort()[0];
}
