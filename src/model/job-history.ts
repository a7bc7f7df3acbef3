// A job as the journal knows it: when it last ran, how that ended, when it was last whole. These are three things, said
// separately and always: a job that runs every night and has not been whole for a month must not look fresh.
import type { Duration } from '../values/duration.ts';
import type { Instant } from '../values/instant.ts';
import type { DatabaseVerdict, ExcludedItem, ItemResult, PoolFigures } from './item-results.ts';
import type { Outcome, RunId } from './run.ts';

export type JobOfEstate = Readonly<{
  name: string;
  /** of its layer */
  kind: string;
  workload: string;
  nextRun: Instant | undefined;
}>;

export type JobHistory = JobOfEstate &
  Readonly<{
    running: Instant | undefined;
    /** the newest run that has ended; without one the job is pending, which is neither good nor bad */
    last: LastRun | undefined;
    /** when every expected part was last there and verified: outcome `done`, nothing less */
    lastSuccess: Instant | undefined;
    /** when it last ended with parts missing or weaker than promised, and others done */
    lastDegraded: Instant | undefined;
    /** of the newest run that saw any: a run that is refused at once measures nothing */
    figures: Figures | undefined;
  }>;

export type LastRun = Readonly<{
  run: RunId;
  outcome: Outcome;
  startedAt: Instant;
  endedAt: Instant;
  took: Duration;
  summary: string | undefined;
  tally: RunTally;
}>;

export type MissingItem = Readonly<{ name: string; workload: string; says: string }>;

/** What a run was to do against what it did. */
export type RunTally = Readonly<{
  expected: number;
  done: number;
  missing: readonly MissingItem[];
  excluded: readonly ExcludedItem[];
  /** those of which anything is known */
  items: readonly ItemResult[];
  /** that lie in what the run made; undefined where no step said so */
  bytes: number | undefined;
  pools: readonly PoolFigures[];
  databases: readonly DatabaseVerdict[];
}>;

export type Figures = Readonly<Pick<RunTally, 'pools' | 'databases'>> & Readonly<{ at: Instant }>;
