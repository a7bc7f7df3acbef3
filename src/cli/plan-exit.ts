// The exit code of a plan that is only looked at: `plan`, and an `apply` that does nothing.
import type { Exit } from '../fault.ts';
import type { Plan } from '../model/plan.ts';

/** What is declared wrong must be mended; where a server is silent, the rest of the plan holds. */
export function planExit({ steps, refusals }: Plan, detailed = false): Exit {
  if (refusals.some(({ unread }) => unread === undefined)) return 'failed';
  if (refusals.length > 0) return 'partly';
  return detailed && steps.length > 0 ? 'changes' : 'fine';
}
