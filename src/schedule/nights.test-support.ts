// Nights for the scheduler's tests: a memory that is kept, a clock that goes where it is told, runs that end as they are told.
import assert from 'node:assert/strict';
import type { Schedule } from '../model/estate.ts';
import type { RunState } from '../model/run.ts';
import type { Mark, RunFact, ScheduleEvent } from '../model/schedule.ts';
import type { Duration } from '../values/duration.ts';
import { after, epochMilliseconds, type Instant, parseInstant } from '../values/instant.ts';
import { lookAt, stepSince } from './clock-steps.ts';
import { decideStarts } from './decide.ts';
import type { Decision } from './decision.ts';
import { type Timetable, timetableOf } from './timetable.ts';

export const time = (text: string): Instant => parseInstant(text) ?? assert.fail(`${text} is no time`);

export type Told = ScheduleEvent & { job: string };

type Declared = Readonly<{ schedules: readonly Schedule[]; time_zone?: string; backup_jobs?: readonly object[] }>;

const timetableIn = ({ schedules, time_zone = 'UTC', backup_jobs = [] }: Declared): Timetable =>
  timetableOf({ schedules, time_zone, sections: { backup_jobs } });

export function nights(from: string, declared: Declared) {
  const state = {
    at: time(from),
    /** the machine's own count, which nobody steps */
    elapsed: 0,
    boot: 'one',
    declared,
    /** how runs end that begin from now on; undefined lets them go on */
    ends: 'done' as Exclude<RunState, 'running'> | undefined,
    /** whether a decided run reaches the journal: a kill in between is when it does not */
    begins: true,
    lastLook: undefined as ReturnType<typeof lookAt> | undefined,
    unknown: new Map<string, string>(),
  };
  const compiled = new WeakMap<Declared, Timetable>();
  const marks = new Map<string, Mark>();
  const runs = new Map<string, RunFact[]>();
  const events: Told[] = [];
  const starts: { job: string; cycle: Instant; run: string; at: Instant; because: readonly string[] }[] = [];
  let named = 0;

  const begin = (job: string, id: string, ends: RunState = state.ends ?? 'running'): RunFact => {
    const endedAt = ends === 'running' ? undefined : state.at;
    const run: RunFact = {
      id,
      startedAt: state.at,
      endedAt,
      state: ends,
      cancelled: false,
      summary: `${ends} in a test`,
    };
    runs.set(job, [run, ...(runs.get(job) ?? [])]);
    return run;
  };

  const tick = (): readonly Decision[] => {
    const look = lookAt(state.at, { boot: state.boot, elapsed: state.elapsed as Duration });
    const timetable = compiled.get(state.declared) ?? timetableIn(state.declared);
    compiled.set(state.declared, timetable);
    const decisions = decideStarts(
      {
        at: state.at,
        step: stepSince(state.lastLook, look),
        lastLook: state.lastLook?.at,
        beginning: new Set(),
        going: [...runs.values()].flat().filter((run) => run.state === 'running').length,
        newRun: () => `run-${++named}`,
      },
      timetable,
      {
        marks,
        runsOf: (job) => runs.get(job) ?? [],
        hasRun: (id) => [...runs.values()].flat().some((run) => run.id === id),
        unknown: state.unknown,
      },
    );
    for (const { job, behind, events: told, start } of decisions) {
      // What is kept survives as text only.
      marks.set(job, JSON.parse(JSON.stringify(behind)));
      events.push(...told.map((one) => ({ ...one, job })));
      if (start === undefined) continue;
      if (!state.begins) continue;
      starts.push({ job, cycle: start.cycle, run: start.run, at: state.at, because: start.because });
      begin(job, start.run);
    }
    state.lastLook = look;
    return decisions;
  };

  return {
    ...{ state, marks, events, starts, begin, tick },
    /** a run that goes on ends now */
    end: (job: string, as: RunState, more: Partial<RunFact> = {}) => {
      const [latest, ...others] = runs.get(job) ?? [];
      assert.ok(latest !== undefined, `${job} has a run`);
      runs.set(job, [{ ...latest, state: as, endedAt: state.at, summary: `${as} in a test`, ...more }, ...others]);
    },
    /** time passes, unwatched */
    pass: (span: Duration) => {
      state.at = after(state.at, span);
      state.elapsed += span;
    },
    /** somebody steps the wall clock */
    step: (to: string) => {
      state.at = time(to);
    },
    /** a look every so often, up to and with that time */
    watch: (until: string, every: Duration) => {
      const end = epochMilliseconds(time(until));
      for (tick(); epochMilliseconds(state.at) + every <= end; ) {
        state.at = after(state.at, every);
        state.elapsed += every;
        tick();
      }
    },
    startsOf: (job: string) => starts.filter((one) => one.job === job).map(({ cycle }) => cycle.slice(0, 16)),
    missedOf: (job: string) => events.flatMap((one) => (one.job === job && one.event === 'missed' ? [one] : [])),
    waitsOf: (job: string) => events.flatMap((one) => (one.job === job && one.event === 'waits' ? [one.says] : [])),
  };
}
