// The order of steps. What a declared thing needs is made before it, on whichever server that is; what a resource says it
// comes after is removed after it.
import type { ResourceKind } from '../contracts/resource.ts';
import type { Step, StepId } from '../model/step.ts';
import type { Ref } from '../values/ref.ts';

export type Needs = ReadonlyMap<StepId, readonly Ref[]>;

export function inOrder(steps: readonly Step[], needs: Needs, resources: readonly ResourceKind[]): readonly Step[] {
  const made = steps.filter(({ act }) => act !== 'remove');
  const making = new Map<string, readonly StepId[]>([
    // `pbs-acl/pihanga`: whatever is made of that kind there.
    ...[...Map.groupBy(made, (step) => `${resourceOf(step)}/${serverOf(step)}`)].map(
      ([kind, ones]) => [kind, ones.map(({ id }) => id)] as const,
    ),
    ...made.map((step) => [step.subject, [step.id]] as const),
  ]);
  const removals = Map.groupBy(
    steps.filter(({ act }) => act === 'remove'),
    (step) => `${resourceOf(step)} ${serverOf(step)}`,
  );
  const changes = Map.groupBy(
    made.filter(({ act }) => act === 'update'),
    (step) => `${resourceOf(step)} ${serverOf(step)}`,
  );
  const removedBefore = new Map(
    resources.map(({ name }) => [name, resources.filter(({ after }) => after.includes(name)).map((one) => one.name)]),
  );
  const before = (step: Step): readonly StepId[] => {
    if (step.act !== 'remove')
      return (needs.get(step.id) ?? []).flatMap((subject) => making.get(subject) ?? []).filter((id) => id !== step.id);
    const first = removedBefore.get(resourceOf(step)) ?? [];
    const removed = (name: string) => removals.get(`${name} ${serverOf(step)}`) ?? [];
    // What lies in a thing of its own kind (a namespace below another) goes before it.
    const below = removed(resourceOf(step)).filter(({ subject }) => subject.startsWith(`${step.subject}%2F`));
    // What still names it may be changed to no longer do so: a matcher that lets go of its target.
    const changed = first.flatMap((name) => changes.get(`${name} ${serverOf(step)}`) ?? []);
    return [...below, ...first.flatMap(removed), ...changed].map(({ id }) => id);
  };
  return steps.map((step) => ({ ...step, after: [...new Set([...step.after, ...before(step)])] }));
}

const resourceOf = (step: Step): string => step.kind.slice(0, step.kind.lastIndexOf('.'));
const serverOf = (step: Step): string => step.needs[0]?.server ?? '';
