// What a job waits for: a good run of each job it follows, of the cycle that belongs to its own. That is their latest cycle
// at or before its own, so a daily job after a weekly one goes by last week's run. Any run of that time will do, also one that
// a person started after the scheduled one had failed; what belongs to the job's next cycle is left for that.
import type { RunFact } from '../model/schedule.ts';
import { instantAt } from '../values/instant.ts';
import { cut } from '../values/text.ts';
import { cycleAtOrBefore, cyclesOf } from './cycles.ts';
import type { History } from './history.ts';
import { nextDue } from './occurrences.ts';
import { secondsOf } from './seconds.ts';
import type { Follows, Timetable, Timing } from './timetable.ts';

export type Situation = Readonly<{ timetable: Timetable; history: History }>;

const good: Readonly<Record<Follows['needs'], readonly string[]>> = { done: ['done'], usable: ['done', 'degraded'] };

export const isGood = ({ state }: RunFact, needs: Follows['needs']): boolean => good[needs].includes(state);

/** Undefined where nothing holds it back. */
export function waitsFor(situation: Situation, timing: Timing, cycle: number): string | undefined {
  const waits = timing.follows.flatMap((one) => waitFor(situation, timing, one, cycle) ?? []);
  return waits.length === 0 ? undefined : waits.join('; ');
}

function waitFor(situation: Situation, timing: Timing, follows: Follows, cycle: number): string | undefined {
  const { history } = situation;
  const unknown = history.unknown.get(follows.job);
  if (unknown !== undefined) return `waits for ${follows.job}, of which nothing can be known now: ${unknown}`;
  const { from, until } = countsOf(situation, timing, follows, cycle);
  const run = history.runsOf(follows.job).find(({ startedAt }) => {
    const at = secondsOf(startedAt);
    return at >= from && at < until;
  });
  if (run === undefined) return `waits for ${follows.job}, which did not start${ownWait(situation, follows.job, from)}`;
  if (isGood(run, follows.needs)) return undefined;
  return `waits for ${follows.job}, which ${howItStands(run)}`;
}

/** From when on a run of the other counts for this cycle, and from when on for the next. */
function countsOf(
  { timetable }: Situation,
  timing: Timing,
  { job }: Follows,
  cycle: number,
): Readonly<{ from: number; until: number }> {
  const calendar = cyclesOf(timetable, job);
  const own = cyclesOf(timetable, timing.job);
  // One that nothing starts by a calendar: whatever it did since this job was due before.
  if (calendar === undefined)
    return {
      from: own === undefined ? cycle : (cycleAtOrBefore(own, cycle - 1) ?? 0),
      until: Number.POSITIVE_INFINITY,
    };
  const from = cycleAtOrBefore(calendar, cycle) ?? 0;
  const nextOwn = own === undefined ? undefined : nextDue(own, cycle);
  const next = nextOwn === undefined ? undefined : cycleAtOrBefore(calendar, nextOwn);
  return { from, until: next === undefined || next <= from ? Number.POSITIVE_INFINITY : next };
}

function ownWait({ history }: Situation, job: string, from: number): string {
  const mark = history.marks.get(job);
  if (mark?.waiting) return ` (it ${mark.waiting.says})`;
  const refused = mark?.decided?.refused;
  if (refused !== undefined && secondsOf(mark?.decided?.cycle ?? instantAt(0)) >= from)
    return ` (${cut(refused, 200)})`;
  return ` since ${instantAt(from * 1000)
    .slice(0, 16)
    .replace('T', ' ')}Z`;
}

function howItStands({ state, id, summary, startedAt }: RunFact): string {
  const words = summary === undefined || summary === '' ? '' : ` (${cut(summary, 160)})`;
  switch (state) {
    case 'running':
      return `is running since ${startedAt.slice(0, 16).replace('T', ' ')}Z`;
    case 'degraded':
      return `was only degraded in run ${id}${words}`;
    case 'done':
      return `is done in run ${id}`;
    default:
      return `${state === 'failed' ? 'failed' : `was ${state}`} in run ${id}${words}`;
  }
}
