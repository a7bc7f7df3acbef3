// `runs`: what ran, and how it ended. Read-only: a run that nobody owns any more is shown as such, not finished.

import type { ReadJournal } from '../contracts/journal.ts';
import type { Run } from '../model/run.ts';
import { formatDuration } from '../values/duration.ts';
import { between } from '../values/instant.ts';
import type { RunsAnswer } from './answers.ts';
import { type Command, optionText } from './command.ts';
import { misused, open } from './open.ts';
import { tableFor } from './table.ts';

export const runs: Command<RunsAnswer> = {
  name: 'runs',
  says: 'what ran, and how it ended',
  run: async (invocation) => {
    const limit = Number(optionText(invocation, 'limit') ?? '20');
    if (!Number.isInteger(limit) || limit < 1) throw misused('--limit', 'it is a whole number, 1 or more');
    const { holdfast, estate } = await open(invocation);
    const [job] = invocation.arguments;
    const found = holdfast.look(estate.name, (journal) => runsOf(journal, limit, job)) ?? [];
    const due = new Set(holdfast.due(estate.name).map(({ id }) => id));
    const rows = found.map((run) => [
      run.id,
      run.job,
      due.has(run.id) ? 'interrupted, recovery due' : run.state,
      run.startedAt,
      run.endedAt === undefined ? '' : formatDuration(between(run.startedAt, run.endedAt)),
      run.summary ?? '',
    ]);
    return {
      exit: 'fine',
      value: found.map((run) => ({ ...run, recoveryDue: due.has(run.id) })),
      text:
        rows.length === 0
          ? `${job === undefined ? 'Nothing' : `Nothing of ${job}`} has run yet.\n`
          : tableFor(invocation, ['run', 'job', 'state', 'started', 'took', 'summary'], rows),
    };
  },
};

/** A job is named as in the estate, or as in the journal: `photos`, `run:photos`, `apply`. */
function runsOf(journal: ReadJournal, limit: number, job: string | undefined): readonly Run[] {
  if (job === undefined) return journal.runs(limit);
  return journal
    .runs(-1)
    .filter((run) => run.job === job || run.job === `run:${job}`)
    .slice(0, limit);
}
