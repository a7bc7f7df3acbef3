import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { folderFor } from '../../test/folder.test-support.ts';
import { openJournal } from '../journal/journal.ts';
import { withItemResults } from '../model/item-results.ts';
import type { JobHistory } from '../model/job-history.ts';
import { makePlan } from '../model/plan.ts';
import type { Outcome, StepEvent } from '../model/run.ts';
import { leapingClock } from '../proxmox/clock.test-support.ts';
import { hours } from '../values/duration.ts';
import { after, type Instant } from '../values/instant.ts';
import { coverageText } from './coverage.ts';
import { jobHistories } from './job-history.ts';

const job = { name: 'volumes', kind: 'lvm-thin', workload: 'claims', nextRun: undefined };

/** A journal of runs, an hour each, one after the other; without an outcome the run is going on. */
async function journalOf(...runs: readonly (readonly [Outcome | undefined, ...StepEvent[]])[]) {
  const clock = leapingClock();
  const journal = openJournal(folderFor('history'), clock);
  for (const [index, [outcome, ...events]] of runs.entries()) {
    const id = `run-${index}`;
    const plan = makePlan({
      ...{ estate: 'test', job: 'run:volumes', madeAt: clock.now(), desired: '', observed: '', steps: [], notes: [] },
      ...{ refusals: [], unchanged: 0, afterFailure: 'keep' },
    });
    const connections = { pve: [], pbs: [], machines: [], kubernetes: [] };
    const consent = { upTo: 'adds', confirmed: [] } as const;
    const about = { id, job: 'run:volumes', startedBy: 'timer', startedAt: clock.now(), supervisor: 1 };
    journal.begin({ ...about, plan, connections, consent });
    for (const event of events) journal.append(id, 'discover', event);
    await clock.sleep(hours(1));
    if (outcome !== undefined) journal.finish(id, outcome, 'said');
  }
  return { journal, now: clock.now() };
}

const historyOf = (journal: Parameters<typeof jobHistories>[0]): JobHistory => {
  const [history] = jobHistories(journal, [job]);
  assert.ok(history !== undefined);
  return history;
};
const began = '2026-01-31T02:00:00.000Z' as Instant;
const hour = (count: number): Instant => after(began, hours(count));

const found = (dataPercent: number): StepEvent => ({
  event: 'done',
  degraded: [],
  result: withItemResults(
    {},
    {
      items: [{ name: 'a', workload: 'a', done: true }],
      pools: [{ machine: 'pve', volumeGroup: 'pve', pool: 'data', dataPercent, metadataPercent: 5 }],
    },
  ),
});

describe('what the journal knows of a job', () => {
  it('is pending before its first run: neither good nor bad, and no time is made up (reality 6.24)', async () => {
    const { journal, now } = await journalOf();
    const history = historyOf(journal);
    assert.deepEqual(
      [history.last, history.lastSuccess, history.lastDegraded, history.running],
      [undefined, undefined, undefined, undefined],
    );
    const due = { ...history, nextRun: hour(9) };
    assert.equal(coverageText(due, now), `volumes: pending its first run, due ${hour(9)}`);
  });

  it('says last run, how it ended and last success apart: a failure moves the first two, never the third (reality 1.1l, 2.8, L8)', async () => {
    const { journal } = await journalOf(['done', found(50)], ['failed'], ['aborted']);
    const { last, lastSuccess } = historyOf(journal);
    assert.deepEqual([last?.outcome, last?.endedAt, lastSuccess], ['aborted', hour(3), hour(1)]);
    const fresh = await journalOf(['failed'], ['done', found(50)]);
    assert.equal(historyOf(fresh.journal).lastSuccess, hour(2), 'control: a success moves it');
  });

  it('does not take 76 of 77 for a success, nor for a failure: it has a time of its own (reality 2.4)', async () => {
    const { journal } = await journalOf(['done', found(50)], ['degraded', found(51)]);
    const { last, lastSuccess, lastDegraded } = historyOf(journal);
    assert.deepEqual([last?.outcome, lastSuccess, lastDegraded], ['degraded', hour(1), hour(2)]);
  });

  it('finds the last success however many runs have failed since', async () => {
    const failures = Array.from({ length: 30 }, () => ['failed'] as const);
    const { journal } = await journalOf(['done', found(50)], ...failures);
    assert.equal(historyOf(journal).lastSuccess, hour(1));
  });

  it('keeps what it last knew while a run is going on', async () => {
    const { journal } = await journalOf(['done', found(50)], [undefined]);
    const { running, last } = historyOf(journal);
    assert.deepEqual([running, last?.run], [hour(1), 'run-0']);
  });

  it('keeps the figures of a pool that a refused run did not look at, with their own age', async () => {
    const { journal } = await journalOf(['done', found(50)], ['degraded', found(88)], ['refused']);
    const { figures } = historyOf(journal);
    assert.deepEqual([figures?.pools[0]?.dataPercent, figures?.at], [88, hour(2)]);
  });

  it('knows nothing of another job', async () => {
    const { journal } = await journalOf(['done', found(50)]);
    assert.equal(jobHistories(journal, [{ ...job, name: 'vol' }])[0]?.last, undefined);
  });
});
