// What comes after a sealed point: the removal of what retention lets go, but never of the newest point that may still have a file
// which is gone now. Pure.
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { ref } from '../../values/ref.ts';
import { count } from '../../values/text.ts';
import type { Pruning } from '../common/points/prune-decision.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import type { MissingFile } from './missing.ts';
import { missingIn, mostListed } from './missing-in.ts';
import { sourceOf, type VaultwardenEntry } from './schema.ts';

export type After = Readonly<{
  pruning: Pruning;
  missing: readonly MissingFile[];
  /** points of this Vaultwarden, oldest first, without the new one */
  own: readonly RestorePoint[];
  unjudged: readonly string[];
}>;

export function pruneAfter(entry: VaultwardenEntry, { pruning, missing, own, unjudged }: After): ChildPlan {
  const subject = ref('layer', entry.name);
  const needed = neededFor(missing, own);
  const remove = pruning.remove.filter(({ point }) => needed !== 'all' && !needed.has(point.manifest.id));
  const kept = pruning.remove.length - remove.length;
  const notes: Note[] = [
    ...pruning.remarks.map((remark) => ({ subject, ...remark })),
    ...unjudged.map((says): Note => ({ subject, level: 'warning', says })),
  ];
  if (kept > 0)
    notes.push({
      ...{ subject, level: 'warning' },
      says: `${count(kept, 'older point')} would be removed, and ${kept === 1 ? 'is' : 'are'} kept: a file that is missing now may be whole only there`,
    });
  const steps = pruneSteps({ entry, source: sourceOf(entry), after: [] }, remove);
  return { because: ['the new point is sealed'], steps, notes, afterFailure: 'keep' };
}

/** Of each file that is missing, the newest point that does not lack it. */
function neededFor(missing: readonly MissingFile[], own: readonly RestorePoint[]): ReadonlySet<string> | 'all' {
  if (missing.length > mostListed) return 'all';
  const lacks = own.map((point) => ({ id: point.manifest.id, ...missingIn(point) })).reverse();
  const needed = new Set<string>();
  for (const { name } of missing) {
    const last = lacks.find(({ names, files }) => files <= mostListed && !names.includes(name));
    if (last !== undefined) needed.add(last.id);
  }
  return needed;
}
