// The order of steps: what a resource says it comes after is made before it, and removed after it.
import type { ResourceKind } from '../contracts/resource.ts';
import type { Step } from '../model/step.ts';

export function inOrder(steps: readonly Step[], resources: readonly ResourceKind[]): readonly Step[] {
  const before = new Map(resources.map((resource) => [resource.name, resource.after]));
  const resourceOf = (step: Step): string => step.kind.slice(0, step.kind.lastIndexOf('.'));
  const byResource = Map.groupBy(steps, resourceOf);
  const comesAfter = (step: Step): readonly Step[] => {
    if (step.act !== 'remove')
      return (before.get(resourceOf(step)) ?? []).flatMap((name) => makes(byResource.get(name) ?? []));
    return resources
      .filter((resource) => resource.after.includes(resourceOf(step)))
      .flatMap((resource) => removes(byResource.get(resource.name) ?? []));
  };
  return steps.map((step) => ({ ...step, after: [...step.after, ...comesAfter(step).map(({ id }) => id)] }));
}

const makes = (steps: readonly Step[]): readonly Step[] => steps.filter((step) => step.act !== 'remove');
const removes = (steps: readonly Step[]): readonly Step[] => steps.filter((step) => step.act === 'remove');
