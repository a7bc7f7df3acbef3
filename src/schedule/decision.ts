// What a decision is made at, and what it is.
import type { RunId } from '../model/run.ts';
import type { Mark, ScheduleEvent } from '../model/schedule.ts';
import type { Instant } from '../values/instant.ts';
import type { Step } from './clock-steps.ts';

export type Now = Readonly<{
  at: Instant;
  /** a stepped clock since the last look */
  step: Step | undefined;
  /** the last look at the clock; undefined before the first */
  lastLook: Instant | undefined;
  /** jobs that are about to begin, and are not in the journal yet */
  beginning: ReadonlySet<string>;
  /** runs of this daemon that go on */
  going: number;
  newRun(): RunId;
}>;

export type Start = Readonly<{ run: RunId; cycle: Instant; because: readonly string[] }>;

/** What becomes of one job; `before` is what it was decided from. */
export type Decision = Readonly<{
  job: string;
  before: Mark | undefined;
  behind: Mark;
  events: readonly ScheduleEvent[];
  start: Start | undefined;
}>;
