// What all resources have in common, once: a declared thing is created, updated, replaced or removed by a step that reads
// back what it wrote, can tell whether it was done, and leads back. A resource itself says only how its collection is read
// and written.
import type { Made, ResourceKind, ResourceOf, Wanted, WriteOptions } from '../../contracts/resource.ts';
import { changedSincePlanned, type Done, type StepContext, type StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Found } from '../../model/observed.ts';
import { absent } from '../../model/step.ts';
import { type Digest, digestOf } from '../../values/canonical.ts';
import { partsOf } from '../../values/ref.ts';
import { openEscrow } from './escrow.ts';
import { isAsDeclared, isGone, readBack } from './read-back.ts';
import { type AnyResource, apiOf, declaredOf, foundNow, givenOf, readNow, wantedBy } from './resource-step.ts';

export function defineResource<Part>(resource: ResourceOf<Part>): ResourceKind {
  // The one place where the type of the kind's own section is forgotten: the estate was parsed by this very schema.
  const kind = resource as unknown as AnyResource;
  return { ...kind, stepKinds: [createKind(kind), updateKind(kind), replaceKind(kind), removeKind(kind)] };
}

async function observe(resource: AnyResource, context: StepContext, subject: string): Promise<string> {
  const name = partsOf(subject as StepContext['step']['subject'])[1] ?? '';
  const found = await foundNow(resource, context, name);
  return found === undefined ? absent : digestOf(found.value);
}

/** Before anything else is done: nobody can ask the server for them again. */
async function save(context: StepContext, made: Made): Promise<void> {
  const { saves = {} } = givenOf(context);
  for (const [parameter, secret] of Object.entries(made)) {
    const file = saves[parameter];
    if (file !== undefined) await context.world.keepSecret(file, secret);
  }
}

/** What was sent, by a digest that tells later whether it is still what is declared. */
async function digestsOf(
  context: StepContext,
  { secrets }: Wanted,
  sent: readonly string[],
): Promise<Readonly<Record<string, Digest>>> {
  const digests = await Promise.all(
    sent.map(async (parameter) => {
      const secret = secrets[parameter];
      return secret === undefined ? [] : [[parameter, await context.world.keyedDigest(secret)] as const];
    }),
  );
  return Object.fromEntries(digests.flat());
}

const attempts = 3;

/**
 * Writes over what the plan saw, and over nothing else. The digest is that of the very reading that was compared; it covers
 * the whole file, so that another entry's change refuses the write too, and then it is looked at again.
 */
async function asPlanned<Result>(
  resource: AnyResource,
  context: StepContext,
  write: (found: Found, options: WriteOptions) => Promise<Result>,
  attempt = 1,
): Promise<Result> {
  const { name, server, before, resend, renew } = givenOf(context);
  const { found, digest } = await readNow(resource, context);
  const now = found.find((one) => one.name === name);
  const seen = before === null ? absent : digestOf(before);
  if (now === undefined || digestOf(now.value) !== seen)
    throw changedSincePlanned(
      context.step.subject,
      `${server} held it as the plan shows; ${now === undefined ? 'it is gone now' : 'it is different now'}`,
    );
  try {
    const again = { ...(resend === undefined ? {} : { resend }), ...(renew === undefined ? {} : { renew }) };
    const log = (line: string) => context.log(line);
    return await write(now, { signal: context.signal, log, digest, ...again });
  } catch (error) {
    const late = error instanceof Fault && error.code === 'changed-meanwhile';
    if (!late || attempt === attempts) throw error;
    return asPlanned(resource, context, write, attempt + 1);
  }
}

async function create(resource: AnyResource, context: StepContext): Promise<Done> {
  const api = await apiOf(context);
  const wanted = await wantedBy(resource, context, api);
  // A secret of that name is of something that is no more; beside a new one it would be taken for it.
  for (const file of Object.values(givenOf(context).saves ?? {})) await context.world.setAsideSecret(file);
  await save(context, await resource.create(api, wanted, context.signal));
  const wrote = await digestsOf(context, wanted, resource.sends(declaredOf(givenOf(context)), undefined));
  return { ...(await readBack(resource, context)), wrote };
}

const createKind = (resource: AnyResource): StepKind => ({
  name: `${resource.name}.create`,
  observe: (context, subject) => observe(resource, context, subject),
  do: (context) => create(resource, context),
  probe: (context) => isAsDeclared(resource, context),
  undo: async (context, fate) => {
    // What was not done by us may be somebody else's by now.
    if (fate !== 'done') return;
    const found = await foundNow(resource, context, givenOf(context).name);
    if (found !== undefined) await resource.remove(await apiOf(context), found, { signal: context.signal });
  },
});

const updateKind = (resource: AnyResource): StepKind => ({
  name: `${resource.name}.update`,
  observe: (context, subject) => observe(resource, context, subject),
  do: async (context) => {
    const given = givenOf(context);
    const api = await apiOf(context);
    const wanted = await wantedBy(resource, context, api);
    const sent = new Set(given.resend);
    // Once it is made anew the secret of before opens nothing: there must be a place for the new one first.
    for (const [parameter, file] of Object.entries(given.saves ?? {}))
      if (given.renew?.includes(parameter)) await context.world.setAsideSecret(file);
    await asPlanned(resource, context, async (found, options) => {
      await openEscrow(resource, context, found, { resend: given.resend ?? [] });
      for (const parameter of resource.sends(declaredOf(given), found)) sent.add(parameter);
      await save(context, await resource.update(api, wanted, found, options));
    });
    return { ...(await readBack(resource, context)), wrote: await digestsOf(context, wanted, [...sent]) };
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
function refuseHalfOfIt(resource: AnyResource, context: StepContext, before: Found): void {
  const given = givenOf(context);
  const sent = [...new Set([...resource.sends(declaredOf(given), before), ...(given.resend ?? [])])];
  if (sent.length === 0) return;
  throw new Fault('secret-overwritten', {
    where: context.step.subject,
    says: `its ${sent.join(' and its ')} went with the change, and what was there before cannot be read back; it stays as it was changed`,
    remedy: 'declare it as it was, with the secret of that time, and apply that',
  });
}

/** One way: what PVE or PBS held of secrets is gone with the old entry. Killed in between, the next plan makes it. */
const replaceKind = (resource: AnyResource): StepKind => ({
  name: `${resource.name}.replace`,
  observe: (context, subject) => observe(resource, context, subject),
  do: async (context) => {
    const api = await apiOf(context);
    // Everything that could fail before the old one is gone does so now.
    await wantedBy(resource, context, api);
    await asPlanned(resource, context, async (found, options) => {
      await openEscrow(resource, context, found);
      await resource.remove(api, found, options);
    });
    return create(resource, context);
  },
  probe: (context) => isAsDeclared(resource, context),
});

const removeKind = (resource: AnyResource): StepKind => ({
  name: `${resource.name}.remove`,
  observe: (context, subject) => observe(resource, context, subject),
  do: async (context) => {
    const { name, server } = givenOf(context);
    const api = await apiOf(context);
    await asPlanned(resource, context, async (found, options) => {
      await openEscrow(resource, context, found);
      await resource.remove(api, found, options);
    });
    if ((await foundNow(resource, context, name)) === undefined) return { result: null };
    throw new Fault('not-as-written', {
      where: context.step.subject,
      says: `${server} took the removal, and still lists the ${resource.title}`,
      remedy: 'look at it there; somebody may have made it anew',
    });
  },
  probe: (context) => isGone(resource, context),
});
