// What a decision is made from, beside the clock and the estate: what is remembered, and what ran.
import type { RunId } from '../model/run.ts';
import type { Mark, RunFact } from '../model/schedule.ts';

export type History = Readonly<{
  marks: ReadonlyMap<string, Mark>;
  /** the newest first, whoever started them */
  runsOf(job: string): readonly RunFact[];
  hasRun(run: RunId): boolean;
  /** why nothing can be known of a job's runs now: the server that runs it does not answer */
  unknown: ReadonlyMap<string, string>;
}>;
