// One look at the clock: what is decided is written down first, and started then. A kill in between loses nothing, since a
// start that was decided and has no run is begun by the next look, under the same id.
import type { ScheduleMemory } from '../contracts/schedule-memory.ts';
import { newRunId } from '../holdfast.ts';
import type { Look, RunFact, ScheduleEvent } from '../model/schedule.ts';
import { lookAt, stepInWords, stepSince } from '../schedule/clock-steps.ts';
import { decideStarts } from '../schedule/decide.ts';
import type { Start } from '../schedule/decision.ts';
import { nextLook } from '../schedule/next.ts';
import type { Timetable } from '../schedule/timetable.ts';
import { hours } from '../values/duration.ts';
import { between, type Clock, type Instant } from '../values/instant.ts';
import { count, shown } from '../values/text.ts';
import type { TimeZone } from '../values/time-zone.ts';

/** What PVE says of the backup jobs that it starts itself. */
export type Elsewhere = Readonly<{
  runs: ReadonlyMap<string, readonly RunFact[]>;
  zones: ReadonlyMap<string, TimeZone>;
  unknown: ReadonlyMap<string, string>;
}>;

export type Looked = Readonly<{ now: Look; next: Instant | undefined }>;

export type Looking = Readonly<{
  clock: Clock;
  memory: ScheduleMemory;
  /** the look before this one */
  last: Look | undefined;
  timetable: Timetable;
  elsewhere: Elsewhere;
  beginning: ReadonlySet<string>;
  going: number;
  start(job: string, start: Start): void;
  say(line: string): void;
}>;

const keptFor = hours(6);
// A job waits for one run, of one cycle of another; that is among its newest.
const runsLookedAt = 20;

/** @returns this look, and when the next one is due at the latest */
export function look({ clock, memory, last, timetable, elsewhere, ...looking }: Looking): Looked {
  const now = lookAt(clock.now(), clock.sinceBoot?.());
  const step = stepSince(last, now);
  if (step !== undefined) looking.say(stepInWords(step));
  const marks = memory.marks();
  for (const job of marks.keys()) if (!timetable.timings.has(job)) memory.forget(job, now.at);
  const known = new Map<string, readonly RunFact[]>();
  const runsOf = (job: string): readonly RunFact[] => {
    const found = known.get(job) ?? [...(elsewhere.runs.get(job) ?? []), ...memory.runsOf(job, runsLookedAt)];
    known.set(job, found);
    return found;
  };
  const decisions = decideStarts(
    {
      ...{ at: now.at, step, lastLook: last?.at, beginning: looking.beginning, going: looking.going },
      newRun: () => newRunId(now.at),
    },
    timetable,
    { marks, runsOf, hasRun: (run) => memory.hasRun(run), unknown: elsewhere.unknown },
  );
  for (const { job, before, behind, events, start } of decisions) {
    const isNew = behind !== before || events.length > 0;
    // Another daemon on the same state was quicker, in spite of the lock: what it decided counts.
    if (isNew && !memory.settle(job, before, behind, events, now.at)) continue;
    for (const event of events) if (event.event !== 'decided') looking.say(`${job}: ${inWords(event)}`);
    if (start !== undefined) looking.start(job, start);
  }
  // Each of them on the disk would be a write a minute; after a crash it is enough to know the hours in which nothing watched.
  const kept = memory.look();
  if (kept === undefined || step !== undefined || Math.abs(between(kept.at, now.at)) > keptFor) memory.looked(now);
  return { now, next: nextLook(timetable, memory.marks(), now.at) };
}

/** What was decided is said when it starts. */
function inWords(event: Exclude<ScheduleEvent, { event: 'decided' }>): string {
  switch (event.event) {
    case 'watched':
      return 'is watched from now on';
    case 'missed': {
      const times =
        event.count === 1
          ? `the start of ${event.from}`
          : `${count(event.count, 'start')} from ${event.from} to ${event.until}`;
      return `${times} ${event.count === 1 ? 'was' : 'were'} missed, and ${event.madeUp ? 'is made up for' : 'not made up for'}: ${shown(event.says)}`;
    }
    case 'waits':
      return `due at ${event.cycle}, ${shown(event.says)}`;
    case 'not begun':
      return `run ${event.run} did not begin: ${shown(event.says)}`;
    case 'forgotten':
      return 'is scheduled no more';
  }
}
