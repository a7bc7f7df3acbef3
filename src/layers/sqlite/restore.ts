// The plan of bringing databases back into an empty folder, and of asking each whether it is sound there. Pure.
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import { isMeant, scopeOf } from '../common/trees/scope.ts';
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
  return { ...planned, steps: [...planned.steps, proveStep(settle, wish, wish.target)] };
}

function proveStep(settle: Step, { point: { manifest, machine }, only }: RestoreWish, target: string): Step {
  const scope = only === undefined ? undefined : scopeOf(only);
  const meant = (name: string) => isMeant(scope, Buffer.from(name));
  const notWhole = manifest.details['not_whole'] ?? [];
  const { databases = 0 } = manifest.counts;
  return {
    ...settle,
    id: 'prove',
    kind: 'sqlite.prove',
    title: `ask each ${only === undefined ? `of ${count(databases, 'database')}` : 'database'} in ${shown(target)} whether it is sound`,
    because: ['what was copied whole is whole again, or nothing of this restore stays'],
    after: [settle.id],
    given: asGiven({ machine, target, databases, not_whole: namesIn(notWhole).filter(meant) }),
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
