// The plan of bringing databases back into an empty folder, and of asking each whether it is sound there. Pure.
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import { ref } from '../../values/ref.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import { isCopying, type SqliteEntry } from './schema.ts';

export function planRestore(entry: SqliteEntry, wish: RestoreWish, _context: LayerContext): Planned {
  if (!isCopying(entry)) return { steps: [], notes: [], refusals: [copiesNothing(entry)] };
  const planned = planTreeRestore(
    entry,
    wish,
    'databases are not put back below a running application: bring them into an empty folder, stop it, then move them (docs/layers/sqlite.md)',
  );
  const settle = planned.steps.at(-1);
  if (settle === undefined || wish.target === undefined) return planned;
  return { ...planned, steps: [...planned.steps, proveStep(settle, wish, wish.target)] };
}

function proveStep(settle: Step, { point: { manifest, machine } }: RestoreWish, target: string): Step {
  const notWhole = manifest.details['not_whole'] ?? [];
  const { databases = 0 } = manifest.counts;
  return {
    ...settle,
    id: 'prove',
    kind: 'sqlite.prove',
    title: `ask each of ${count(databases, 'database')} in ${shown(target)} whether it is sound`,
    because: ['what was copied whole is whole again, or nothing of this restore stays'],
    after: [settle.id],
    given: asGiven({ machine, target, databases, not_whole: namesIn(notWhole) }),
  };
}

const namesIn = (notWhole: unknown): readonly string[] =>
  Array.isArray(notWhole)
    ? notWhole.flatMap((one: { database?: unknown }) => (typeof one.database === 'string' ? [one.database] : []))
    : [];

const copiesNothing = ({ name }: SqliteEntry): Refusal => ({
  subject: ref('layer', name),
  code: 'nothing-to-restore',
  says: 'this layer only checks databases, and copies none',
  remedy: 'restore from the layer that copies them (`holdfast points`)',
});
