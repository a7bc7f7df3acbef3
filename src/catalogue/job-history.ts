// Each job of the estate as the journal knows it.
import type { ReadJournal } from '../contracts/journal.ts';
import type { Figures, JobHistory, JobOfEstate, LastRun, RunTally } from '../model/job-history.ts';
import type { Outcome, Run } from '../model/run.ts';
import { between, type Instant } from '../values/instant.ts';
import { tallyOf } from './run-tally.ts';

type Ended = Run & Readonly<{ state: Outcome; endedAt: Instant }>;
const hasEnded = (run: Run): run is Ended => run.state !== 'running' && run.endedAt !== undefined;

export function jobHistories(journal: ReadJournal, jobs: readonly JobOfEstate[]): readonly JobHistory[] {
  const byJob = Map.groupBy(journal.latestRuns(), ({ job }) => job);
  return jobs.map((job) => historyOf(journal, job, byJob.get(`run:${job.name}`) ?? []));
}

export const neverRan = (job: JobOfEstate): JobHistory => ({
  ...job,
  ...{ running: undefined, last: undefined, lastSuccess: undefined, lastDegraded: undefined, figures: undefined },
});

/** @param runs the newest of each state, newest first */
function historyOf(journal: ReadJournal, job: JobOfEstate, runs: readonly Run[]): JobHistory {
  const ended = runs.filter(hasEnded);
  const tallies = new Map<string, RunTally>();
  const tally = (run: Ended): RunTally => {
    const known = tallies.get(run.id) ?? tallyOf(journal.entries(run.id), journal.charge(run.id)?.plan.steps ?? []);
    tallies.set(run.id, known);
    return known;
  };
  const [newest] = ended;
  const newestOf = (...states: readonly Outcome[]): Instant | undefined =>
    ended.find(({ state }) => states.includes(state))?.endedAt;
  return {
    ...job,
    running: runs.find(({ state }) => state === 'running')?.startedAt,
    last: newest === undefined ? undefined : lastOf(newest, tally(newest)),
    lastSuccess: newestOf('done'),
    lastDegraded: newestOf('degraded', 'partly'),
    figures: figuresOf(ended, tally),
  };
}

const lastOf = ({ id, state, startedAt, endedAt, summary }: Ended, tally: RunTally): LastRun => ({
  ...{ run: id, outcome: state, startedAt, endedAt, took: between(startedAt, endedAt), summary, tally },
});

function figuresOf(ended: readonly Ended[], tally: (run: Ended) => RunTally): Figures | undefined {
  for (const run of ended) {
    const { pools, databases } = tally(run);
    if (pools.length > 0 || databases.length > 0) return { pools, databases, at: run.endedAt };
  }
  return undefined;
}
