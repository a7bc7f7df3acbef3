// The cycles of a job: the times by which its starts are told apart. A job that only follows others has the cycles of the one
// of them that comes least often, so that it runs once when all of them have; and where several come as often, of the one
// behind whose time the others lie closest, so that what belongs to one night stays together.
import { epochSeconds, type Instant } from '../values/instant.ts';
import { type Calendar, lastDue, nextDue } from './occurrences.ts';
import type { Timetable } from './timetable.ts';

const daySeconds = 86_400;
// Any moment does, as long as it is the same each time; a year and more before it is looked back upon.
const reference = epochSeconds('2026-01-05T00:00:00.000Z' as Instant);
const farthest = 800 * daySeconds;

const known = new WeakMap<Timetable, Map<string, Calendar | undefined>>();

/** Undefined where nothing says when: it is not scheduled, or follows only what is not. */
export function cyclesOf(timetable: Timetable, job: string): Calendar | undefined {
  const found = known.get(timetable) ?? new Map<string, Calendar | undefined>();
  known.set(timetable, found);
  if (!found.has(job)) found.set(job, workedOut(timetable, job, []));
  return found.get(job);
}

function workedOut({ timings, elsewhere }: Timetable, job: string, above: readonly string[]): Calendar | undefined {
  const timing = timings.get(job);
  if (timing === undefined) return elsewhere.get(job);
  if (timing.calendar !== undefined) return timing.calendar;
  const leaders = timing.follows
    // A circle is refused when the estate is read.
    .filter((one) => !above.includes(one.job))
    .flatMap((one) => workedOut({ timings, elsewhere }, one.job, [...above, job]) ?? []);
  return leaders.length < 2
    ? leaders[0]
    : leaders.toSorted((one, other) => weigh(one, leaders) - weigh(other, leaders))[0];
}

/** Smaller is better: first how seldom it comes, then how close behind the others. */
function weigh(one: Calendar, all: readonly Calendar[]): number {
  const first = nextDue(one, reference);
  const second = first === undefined ? undefined : nextDue(one, first);
  if (first === undefined || second === undefined) return Number.POSITIVE_INFINITY;
  const lags = all.map((other) => second - (lastDue(other, second, second - farthest) ?? second - farthest));
  return -Math.round((second - first) / 3600) * 1e9 + lags.reduce((sum, lag) => sum + lag, 0);
}

/** The latest cycle at or before that second. */
export const cycleAtOrBefore = (calendar: Calendar, at: number): number | undefined =>
  lastDue(calendar, at, at - farthest);
