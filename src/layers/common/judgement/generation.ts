// A new generation is judged: what changed is gathered, looked into where it lies, and weighed.
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { PointId } from '../../../model/restore-point.ts';
import type { Json } from '../../../values/canonical.ts';
import type { Amount } from './amount.ts';
import { type FileChange, gatherChanges } from './changes.ts';
import { type Evidence, judge } from './judge.ts';
import { lookInto } from './look.ts';
import { type Judged, judgedAs } from './record.ts';
import type { Thresholds } from './thresholds.ts';

export type Generation = Readonly<{
  machine: Machine;
  /** whose generation it is: the layer and the source */
  of: readonly Json[];
  /** what it is judged against (standing.ts); undefined where there is none */
  base: Readonly<{ point: PointId; tree: string; same: Amount; changes: AsyncIterable<FileChange> }> | undefined;
  tree: string;
  canaries: Evidence['canaries'];
  thresholds: Thresholds;
}>;

export async function judgeGeneration(
  { machine, of, base, tree, canaries, thresholds }: Generation,
  { signal, progress }: Pick<StepContext, 'signal' | 'progress'>,
): Promise<Judged> {
  if (base === undefined)
    return judgedAs(judge({ gathered: undefined, looked: '', canaries }, thresholds), undefined, of);
  const gathered = await gatherChanges(base.same, base.changes, thresholds.look_at);
  const looked = (done: number) => progress({ done, unit: 'items', what: 'looking into what changed' });
  const looking = { machine, before: base.tree, after: tree, signal, looked };
  const changed = await lookInto(looking, gathered.changed.items);
  const fresh = typeof changed === 'string' ? changed : await lookInto(looking, gathered.fresh.items);
  const seen = typeof changed === 'string' || typeof fresh === 'string' ? String(fresh) : { changed, fresh };
  return judgedAs(judge({ gathered, looked: seen, canaries }, thresholds), base.point, of);
}
