// estate -> desired: what the servers should hold, said by each kind of resource from its own section. Pure.
import type { Declared, Desired, ResourceKind } from '../contracts/resource.ts';
import type { Estate } from '../model/estate.ts';
import { digestOf } from '../values/canonical.ts';

export function desire(estate: Estate, resources: readonly ResourceKind[]): Desired {
  const declared = resources.flatMap((resource) =>
    declarations(resource, estate).map((one) => ({ ...one, kind: resource.name })),
  );
  // Where it stands in the file does not count: moving a line changes no plan.
  const digest = digestOf(
    declared.map(({ kind, server, name, item, secrets }) => ({ kind, server, name, item, secrets })),
  );
  return { declared, digest };
}

function declarations(resource: ResourceKind, estate: Estate): readonly Declared[] {
  const { section } = resource;
  if (section.at === 'top') {
    const part = estate.sections[section.key];
    return part === undefined ? [] : section.declare(part, estate);
  }
  return estate.pbs.flatMap((server) =>
    server.datastores.flatMap((datastore) => {
      const part = datastore[section.key];
      return part === undefined ? [] : section.declare(part, estate, server, datastore);
    }),
  );
}
