// The plan of bringing databases back into an empty folder, and of asking each whether it is sound there. Pure.
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { proveStep } from '../common/sqlite/prove-step.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import { isCopying, type SqliteEntry } from './schema.ts';

export function planRestore(entry: SqliteEntry, wish: RestoreWish, _context: LayerContext, scouted?: Json): Planned {
  if (!isCopying(entry)) return { steps: [], notes: [], refusals: [copiesNothing(entry)] };
  const planned = planTreeRestore(
    entry,
    wish,
    'databases are not put back below a running application: bring them into an empty folder, stop it, then move them (docs/layers/sqlite.md)',
    scouted,
  );
  const settle = planned.steps.at(-1);
  if (settle === undefined || wish.target === undefined) return planned;
  const where = { machine: wish.point.machine, target: wish.target };
  return { ...planned, steps: [...planned.steps, proveStep(settle, wish, where)] };
}

const copiesNothing = ({ name }: SqliteEntry): Refusal => ({
  subject: ref('layer', name),
  code: 'nothing-to-restore',
  says: 'this layer only checks databases, and copies none',
  remedy: 'restore from the layer that copies them (`holdfast points`)',
});
