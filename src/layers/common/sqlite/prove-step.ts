// The step that asks every database of a restore whether it is sound, as data. Pure.
import type { RestoreWish } from '../../../contracts/layer.ts';
import type { Step } from '../../../model/step.ts';
import { count, shown } from '../../../values/text.ts';
import { asGiven } from '../given.ts';
import { isMeant, scopeOf } from '../trees/scope.ts';

/**
 * @param settle what brought the tree into its place: this step comes after it
 * @param target the folder of the tree, on this machine
 */
export function proveStep(
  settle: Step,
  { point: { manifest }, only }: Pick<RestoreWish, 'point' | 'only'>,
  { machine, target }: Readonly<{ machine: string; target: string }>,
): Step {
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
