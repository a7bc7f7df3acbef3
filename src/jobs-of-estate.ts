// The jobs of an estate that Holdfast itself carries out, and when each comes next. Backup jobs are not among them: PVE starts
// those by itself and tells us nothing, so our journal would call them pending for ever.
import type { Estate } from './model/estate.ts';
import type { JobOfEstate } from './model/job-history.ts';
import { cyclesOf } from './schedule/cycles.ts';
import { nextStart } from './schedule/next.ts';
import { timetableOf } from './schedule/timetable.ts';
import type { Instant } from './values/instant.ts';

/** `nextRun` is undefined where no calendar says when: it has no schedule, and follows none that has. */
export function jobsOf(estate: Estate, now: Instant): readonly JobOfEstate[] {
  const timetable = timetableOf(estate);
  return estate.layers.map(({ name, kind, workload }) => {
    const timing = timetable.timings.get(name);
    const next = timing && nextStart(timing, cyclesOf(timetable, name), undefined, now);
    return { name, kind, workload, nextRun: next?.start };
  });
}
