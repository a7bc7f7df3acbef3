// What all resources have in common, once: a declared thing is created, updated or removed by a step that reads back what it
// wrote, can tell whether it was done, and leads back. A resource itself says only how its collection is read and written.
import type {
  Decided,
  Declared,
  Fields,
  ResourceKind,
  ResourceOf,
  WriteOptions,
  Written,
} from '../contracts/resource.ts';
import {
  changedSincePlanned,
  type Done,
  type Probed,
  type StepContext,
  type StepKind,
} from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import type { Collection, Found } from '../model/observed.ts';
import { absent } from '../model/step.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import { digestOf, type Json } from '../values/canonical.ts';
import { partsOf } from '../values/ref.ts';
import type { SecretReference } from '../values/secret-reference.ts';

/** What a resource's step is given. `before` is what was there when the plan was made. */
export type ResourceGiven = Readonly<{
  server: string;
  name: string;
  fields: Fields;
  secrets: Readonly<Record<string, SecretReference>>;
  before: Fields | null;
}>;

const stepKindName = (resource: string, act: 'create' | 'update' | 'remove'): string => `${resource}.${act}`;

export function defineResource<Part>(resource: ResourceOf<Part>): ResourceKind {
  // The one place where the type of the kind's own section is forgotten: the estate was parsed by this very schema.
  const kind = resource as unknown as ResourceOf<unknown>;
  return { ...kind, stepKinds: [createKind(kind), updateKind(kind), removeKind(kind)] };
}

const givenOf = (context: StepContext): ResourceGiven => context.step.given as unknown as ResourceGiven;

const apiOf = (context: StepContext): Promise<ProxmoxApi> => context.world.server(givenOf(context).server, 'configure');

async function foundNow(resource: ResourceOf<unknown>, context: StepContext, name: string): Promise<Found | undefined> {
  const { found } = await resource.read(await apiOf(context), context.signal);
  return found.find((one) => one.name === name);
}

async function observe(resource: ResourceOf<unknown>, context: StepContext, subject: string): Promise<string> {
  const name = partsOf(subject as StepContext['step']['subject'])[1] ?? '';
  const found = await foundNow(resource, context, name);
  return found === undefined ? absent : digestOf(found.value);
}

async function written(context: StepContext, api: ProxmoxApi): Promise<Written> {
  const { name, fields, secrets } = givenOf(context);
  const revealed = await Promise.all(
    Object.entries(secrets).map(async ([parameter, reference]) => [
      parameter,
      await context.world.secret(reference, api.audience),
    ]),
  );
  return { name, fields, secrets: Object.fromEntries(revealed) };
}

const declaredOf = ({ server, name, fields, secrets }: ResourceGiven): Declared => ({
  server,
  name,
  item: fields,
  secrets,
  place: '',
  notes: [],
});

const stillToChange = (decided: Decided): readonly string[] => {
  if (decided.act === 'none') return [];
  if (decided.act === 'refuse') return [decided.says];
  return decided.changes.map((change) => change.field);
};

/** A write is done when the authority says so, not when the request was answered (DESIGN 5, rule 14). */
async function readBack(resource: ResourceOf<unknown>, context: StepContext): Promise<Done> {
  const given = givenOf(context);
  const found = await foundNow(resource, context, given.name);
  const differing = stillToChange(resource.decide(declaredOf(given), found));
  if (found === undefined || differing.length > 0)
    throw new Fault('not-as-written', {
      where: context.step.subject,
      says:
        found === undefined
          ? `${given.server} took the ${resource.title} and does not list it`
          : `${given.server} took the ${resource.title}, and reads back another value for ${differing.join(', ')}`,
      remedy: 'make a new plan; if it shows the same change again, that server does not support the value',
    });
  return { result: found.value as Json };
}

async function isAsDeclared(resource: ResourceOf<unknown>, context: StepContext): Promise<Probed> {
  const given = givenOf(context);
  const found = await foundNow(resource, context, given.name);
  if (found === undefined)
    return { answer: 'not done', evidence: `${given.server} has no ${resource.title} ${given.name}` };
  const differing = stillToChange(resource.decide(declaredOf(given), found));
  if (differing.length === 0)
    return {
      answer: 'done',
      evidence: `${given.server} reads back the ${resource.title} as declared`,
      result: found.value as Json,
    };
  const asBefore = given.before !== null && digestOf(found.value) === digestOf(given.before);
  return asBefore
    ? { answer: 'not done', evidence: `${given.server} reads back the ${resource.title} as it was before` }
    : { answer: 'cannot tell', evidence: `it is neither as before nor as declared: ${differing.join(', ')} differ` };
}

const attempts = 3;

/**
 * Writes over what the plan saw, and over nothing else. The digest is that of the very reading that was compared; it covers
 * the whole file, so that another entry's change refuses the write too, and then it is looked at again.
 */
async function asPlanned(
  resource: ResourceOf<unknown>,
  context: StepContext,
  write: (found: Found, options: WriteOptions) => Promise<void>,
  attempt = 1,
): Promise<void> {
  const { name, server, before } = givenOf(context);
  const { found, digest }: Collection = await resource.read(await apiOf(context), context.signal);
  const now = found.find((one) => one.name === name);
  const seen = before === null ? absent : digestOf(before);
  if (now === undefined || digestOf(now.value) !== seen)
    throw changedSincePlanned(
      context.step.subject,
      `${server} held it as the plan shows; ${now === undefined ? 'it is gone now' : 'it is different now'}`,
    );
  try {
    await write(now, { signal: context.signal, digest });
  } catch (error) {
    const late = error instanceof Fault && error.code === 'changed-meanwhile';
    if (!late || attempt === attempts) throw error;
    await asPlanned(resource, context, write, attempt + 1);
  }
}

const createKind = (resource: ResourceOf<unknown>): StepKind => ({
  name: stepKindName(resource.name, 'create'),
  observe: (context, subject) => observe(resource, context, subject),
  do: async (context) => {
    const api = await apiOf(context);
    await resource.create(api, await written(context, api), context.signal);
    return readBack(resource, context);
  },
  probe: (context) => isAsDeclared(resource, context),
  undo: async (context, fate) => {
    // What was not done by us may be somebody else's by now.
    if (fate !== 'done') return;
    const found = await foundNow(resource, context, givenOf(context).name);
    if (found !== undefined) await resource.remove(await apiOf(context), found, { signal: context.signal });
  },
});

const updateKind = (resource: ResourceOf<unknown>): StepKind => ({
  name: stepKindName(resource.name, 'update'),
  observe: (context, subject) => observe(resource, context, subject),
  do: async (context) => {
    const api = await apiOf(context);
    const wanted = await written(context, api);
    await asPlanned(resource, context, (found, options) => resource.update(api, wanted, found, options));
    return readBack(resource, context);
  },
  probe: (context) => isAsDeclared(resource, context),
  undo: async (context, fate) => {
    const { name, before } = givenOf(context);
    const found = await foundNow(resource, context, name);
    if (fate !== 'done' || before === null || found === undefined) return;
    refuseHalfOfIt(resource, context, { name, value: before });
    await resource.update(await apiOf(context), { name, fields: before, secrets: {} }, found, {
      signal: context.signal,
    });
  },
});

/** A secret that was written over cannot be read back: the fields of before would stand beside the secret of after. */
function refuseHalfOfIt(resource: ResourceOf<unknown>, context: StepContext, before: Found): void {
  const given = givenOf(context);
  const sent = resource.sends(declaredOf(given), before);
  if (sent.length === 0) return;
  throw new Fault('secret-overwritten', {
    where: context.step.subject,
    says: `its ${sent.join(' and its ')} went with the change, and what was there before cannot be read back; it stays as it was changed`,
    remedy: 'declare it as it was, with the secret of that time, and apply that',
  });
}

const removeKind = (resource: ResourceOf<unknown>): StepKind => ({
  name: stepKindName(resource.name, 'remove'),
  observe: (context, subject) => observe(resource, context, subject),
  do: async (context) => {
    const { name, server } = givenOf(context);
    const api = await apiOf(context);
    await asPlanned(resource, context, (found, options) => resource.remove(api, found, options));
    if ((await foundNow(resource, context, name)) === undefined) return { result: null };
    throw new Fault('not-as-written', {
      where: context.step.subject,
      says: `${server} took the removal, and still lists the ${resource.title}`,
      remedy: 'look at it there; somebody may have made it anew',
    });
  },
  probe: async (context) => {
    const { name, server } = givenOf(context);
    const found = await foundNow(resource, context, name);
    return found === undefined
      ? { answer: 'done', evidence: `${server} no longer has the ${resource.title}` }
      : { answer: 'not done', evidence: `${server} still has the ${resource.title}` };
  },
});
