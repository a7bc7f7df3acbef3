// Somebody else at work on the same PBS, past our eyes: a section of prune.cfg changes.
import type { PbsHost } from './host.ts';

/** Alters that prune job, or the first, so that the digest of the file is another; where there is none, one appears. */
export function foreignHandOn({ state }: PbsHost, jobName?: string): void {
  const found = jobName === undefined ? state.pruneJobs[0] : state.pruneJobs.find(({ id }) => id === jobName);
  if (found === undefined) {
    const store = state.datastores[0]?.name ?? 'tank';
    state.pruneJobs.push({
      id: jobName ?? 'somebody-elses',
      options: { store, schedule: 'sun 04:00', 'keep-last': 3 },
    });
    return;
  }
  found.options['comment'] = found.options['comment'] === 'changed by hand' ? 'changed again' : 'changed by hand';
}
