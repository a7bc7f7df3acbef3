// What is remembered of a scheduled job between one look at the clock and the next, also across a restart.
import type { Instant } from '../values/instant.ts';
import type { RunId, RunState } from './run.ts';

/** A time at which a job is due, by its calendar and without its jitter: the name of one start. */
export type Cycle = Instant;

export type Waiting = Readonly<{
  cycle: Cycle;
  since: Instant;
  /** what for, in words */
  says: string;
  /** why it starts later than it was due, or again, apart from this wait */
  because: readonly string[];
  again: boolean;
}>;

/** A start that was decided. Its run may not have begun yet: then it is owed, under this very id. */
export type Decided = Readonly<{
  cycle: Cycle;
  run: RunId;
  at: Instant;
  because: readonly string[];
  /** made up for a run of the same cycle that died or was stopped with Holdfast: there is one such, not many */
  again: boolean;
  /** why no run of it could begin, where that is settled */
  refused?: string;
}>;

/** Where a job stands: one row, replaced as a whole. */
export type Mark = Readonly<{
  /** what of the schedule said when, as it was at that time */
  when: string;
  /** since when it is watched under this schedule */
  since: Instant;
  /** what was due up to here is settled: started, or written down as missed */
  handled: Cycle;
  /** settled though later than `handled`: what ran before the clock was put back */
  ran: readonly Cycle[];
  waiting: Waiting | null;
  decided: Decided | null;
}>;

export type ScheduleEvent =
  | { event: 'watched'; when: string }
  | { event: 'missed'; from: Cycle; until: Cycle; count: number; says: string; madeUp: boolean }
  | { event: 'waits'; cycle: Cycle; says: string }
  | { event: 'decided'; cycle: Cycle; run: RunId; because: readonly string[] }
  | { event: 'not begun'; cycle: Cycle; run: RunId; says: string }
  | { event: 'forgotten' };

export type ScheduleEntry = Readonly<{ sequence: number; job: string; at: Instant }> & Readonly<ScheduleEvent>;

/** A run of a job as those see it that wait for it. Of a backup job that PVE started, `id` is its task's. */
export type RunFact = Readonly<{
  id: RunId;
  startedAt: Instant;
  endedAt: Instant | undefined;
  state: RunState;
  /** somebody asked for its end: then nobody wants it made up */
  cancelled: boolean;
  summary: string | undefined;
}>;

/** The last look at the clocks: the wall's, and where there is one the machine's own count since it was started. */
export type Look = Readonly<{ at: Instant; boot: string | null; elapsed: number | null }>;
