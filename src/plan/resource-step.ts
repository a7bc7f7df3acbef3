// The step of a resource, as far as it is the same for all of them.
import type { Declared, Fields, ResourceKind } from '../contracts/resource.ts';
import type { Found } from '../model/observed.ts';
import { type Act, absent } from '../model/step.ts';
import { digestOf } from '../values/canonical.ts';
import { minutes } from '../values/duration.ts';
import { type Ref, ref } from '../values/ref.ts';

export function stepFor(
  resource: ResourceKind,
  act: Exclude<Act, 'do'>,
  server: string,
  name: string,
  found: Found | undefined,
) {
  const subject = ref(resource.name, server, name);
  return {
    id: `${act} ${subject}`,
    kind: `${resource.name}.${act}`,
    subject,
    act,
    title: `${act} ${resource.title} ${name} on ${server}`,
    after: [],
    lanes: [`${server} ${resource.configFile}`],
    needs: [{ server, identity: 'configure' as const }],
    expects: [expectation(resource, subject, server, found?.value)],
    expands: false,
    patience: minutes(5),
  };
}

const expectation = (resource: ResourceKind, subject: Ref, server: string, value: Fields | undefined) => ({
  subject,
  says: value === undefined ? `${server} had no such ${resource.title}` : `${server} held it as the plan shows`,
  digest: value === undefined ? absent : digestOf(value),
});

export const subjectOf = (resource: ResourceKind, { server, name }: Pick<Declared, 'server' | 'name'>): Ref =>
  ref(resource.name, server, name);
