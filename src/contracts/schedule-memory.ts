// What the scheduler remembers. It lies beside the journal: whatever it has accepted survives a kill and a power cut.
import type { RunId } from '../model/run.ts';
import type { Look, Mark, RunFact, ScheduleEntry, ScheduleEvent } from '../model/schedule.ts';
import type { Instant } from '../values/instant.ts';

export interface ReadScheduleMemory {
  marks(): ReadonlyMap<string, Mark>;
  /** the newest first */
  events(limit: number, job?: string): readonly ScheduleEntry[];
  look(): Look | undefined;
  /** the newest runs of a job, whoever started them, the newest first */
  runsOf(job: string, limit: number): readonly RunFact[];
  hasRun(run: RunId): boolean;
  close(): void;
}

export interface ScheduleMemory extends ReadScheduleMemory {
  /**
   * Durable when it returns. False where the job no longer stands as `before`: somebody else has decided in between, and
   * nothing was written.
   */
  settle(job: string, before: Mark | undefined, behind: Mark, events: readonly ScheduleEvent[], at: Instant): boolean;
  /** the estate schedules it no more: should it come again, it is due from then on */
  forget(job: string, at: Instant): void;
  looked(look: Look): void;
}
