// All of it, judged: the way of each byte, what is missing in it, what is too much, and what is left out. Pure.
import type { Exclusion, Workload } from '../model/estate.ts';
import type { JobHistory } from '../model/job-history.ts';
import type { Note } from '../model/plan.ts';
import type { Carrier } from '../model/route.ts';
import { circlesIn } from '../model/route-graph.ts';
import { ref } from '../values/ref.ts';
import { shown } from '../values/text.ts';
import { duplicatesIn } from './duplicates.ts';
import { followAll, legsOf, type Way } from './follow.ts';
import { gapsIn } from './gaps.ts';
import { type LeftOutBy, leftOutIn, overdueNotes } from './left-out.ts';
import type { Surroundings } from './place.ts';

export type Routed = Readonly<{
  ways: readonly Way[];
  /** not carried, or nowhere else */
  gaps: readonly Note[];
  duplicates: readonly Note[];
  /** copies of copies of themselves */
  circles: readonly Note[];
  leftOut: readonly LeftOutBy[];
  overdue: readonly Note[];
}>;

export type ToJudge = Readonly<{
  carriers: readonly Carrier[];
  around: Surroundings;
  workloads: readonly Workload[];
  exclusions: readonly Exclusion[];
  servers: readonly string[];
  histories: readonly JobHistory[];
  /** `YYYY-MM-DD`, in the estate's zone */
  today: string;
}>;

export function judgeRoutes({ carriers, around, today, ...known }: ToJudge): Routed {
  const ways = followAll(carriers, around);
  const leftOut = leftOutIn(carriers, known.exclusions, today);
  return {
    ways,
    gaps: gapsIn({ ...known, carriers, ways }),
    duplicates: duplicatesIn(carriers, around),
    circles: circlesIn(legsOf(carriers), around.hostOf).map(circleNote),
    leftOut,
    overdue: overdueNotes(leftOut),
  };
}

const circleNote = (circle: readonly string[]): Note => ({
  subject: ref('layer', circle[0] ?? ''),
  level: 'warning',
  says: `it reads copies that come from itself: ${[...circle, circle[0] ?? ''].map(shown).join(' -> ')}. Each run makes them larger: leave the copies out of what is read`,
});

/** Those of a workload; a way may carry several. */
export function ofWorkload(routed: Routed, carriers: readonly Carrier[], workload: string): Routed {
  const names = new Set(carriers.filter((one) => one.workload === workload).map(({ name }) => name));
  const subjects = new Set([ref('workload', workload), ...[...names].map((name) => ref('layer', name))]);
  const own = ({ subject }: Note): boolean => subjects.has(subject);
  return {
    ways: routed.ways.filter(({ workloads }) => workloads.includes(workload)),
    gaps: routed.gaps.filter(own),
    duplicates: routed.duplicates.filter(own),
    circles: routed.circles.filter(own),
    leftOut: routed.leftOut.filter(({ by, what }) => (by === undefined ? what === workload : names.has(by))),
    overdue: routed.overdue.filter(own),
  };
}
