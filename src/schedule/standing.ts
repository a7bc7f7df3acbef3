// Where each job stands, for people: when it starts next, how it ended last, what it waits for, and how long it takes.
import type { Mark, RunFact } from '../model/schedule.ts';
import { between, type Instant, instantAt } from '../values/instant.ts';
import { cyclesOf } from './cycles.ts';
import { type Forecast, forecastOf, type Took, type Usual, usualOf } from './forecast.ts';
import { type NextStart, nextStart } from './next.ts';
import { secondsOf } from './seconds.ts';
import type { Timetable } from './timetable.ts';

/** `pending`: its first run is not due yet. `not scheduled`: nothing starts it but a person. */
export type JobState = 'pending' | 'not scheduled' | 'waiting' | 'overdue' | RunFact['state'];

export type Standing = Readonly<{
  job: string;
  state: JobState;
  /** what it waits for, or what its last run said */
  why: string | undefined;
  next: NextStart | undefined;
  last: RunFact | undefined;
  lastGood: RunFact | undefined;
  usual: Usual | undefined;
  forecast: Forecast | undefined;
}>;

// What starts is in the journal within moments; a look at the clock comes every minute.
const overdueAfter = 300;

/** @param runs the newest first */
export function standingOf(
  timetable: Timetable,
  job: string,
  mark: Mark | undefined,
  runs: readonly RunFact[],
  now: Instant,
): Standing {
  const timing = timetable.timings.get(job);
  const next = timing && nextStart(timing, cyclesOf(timetable, job), mark, now);
  const [last] = runs;
  const took = runs.flatMap((run): Took[] =>
    run.endedAt !== undefined && isGood(run) ? [{ at: run.startedAt, took: between(run.startedAt, run.endedAt) }] : [],
  );
  return {
    ...{ job, next, last, lastGood: runs.find(isGood), usual: usualOf(took) },
    ...stateOf(timing !== undefined, mark, last, next, now),
    forecast: timing?.window === undefined ? undefined : forecastOf(took, timing.window, now),
  };
}

const isGood = ({ state }: RunFact): boolean => state === 'done' || state === 'degraded';

function stateOf(
  scheduled: boolean,
  mark: Mark | undefined,
  last: RunFact | undefined,
  next: NextStart | undefined,
  now: Instant,
): Pick<Standing, 'state' | 'why'> {
  if (last?.state === 'running') return { state: 'running', why: undefined };
  if (scheduled && mark?.waiting) return { state: 'waiting', why: mark.waiting.says };
  if (scheduled && next !== undefined && secondsOf(now) - secondsOf(next.start) > overdueAfter)
    return { state: 'overdue', why: `nothing started it at ${next.start}` };
  const refused = mark?.decided?.refused;
  if (refused !== undefined && (last === undefined || last.startedAt < (mark?.decided?.at ?? instantAt(0))))
    return { state: 'refused', why: refused };
  if (last === undefined) return { state: scheduled ? 'pending' : 'not scheduled', why: undefined };
  return { state: last.state, why: last.state === 'done' ? undefined : last.summary };
}
