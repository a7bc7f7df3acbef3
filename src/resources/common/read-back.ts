// What the authority says after a write, and what it says when nobody knows whether there was one (DESIGN 5, rule 14).
import type { Decided } from '../../contracts/resource.ts';
import type { Done, Probed, StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { type Digest, digestOf, type Json } from '../../values/canonical.ts';
import { type AnyResource, apiOf, declaredOf, foundNow, givenOf, type ResourceGiven } from './resource-step.ts';

const stillToChange = (decided: Decided): readonly string[] => {
  if (decided.act === 'none') return [];
  if (decided.act === 'refuse') return [decided.says];
  return decided.changes.map((change) => change.field);
};

/** A write is done when the authority says so, not when the request was answered. */
export async function readBack(resource: AnyResource, context: StepContext): Promise<Done> {
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

export async function isAsDeclared(resource: AnyResource, context: StepContext): Promise<Probed> {
  const given = givenOf(context);
  const found = await foundNow(resource, context, given.name);
  if (found === undefined)
    return { answer: 'not done', evidence: `${given.server} has no ${resource.title} ${given.name}` };
  const differing = stillToChange(resource.decide(declaredOf(given), found));
  const unseen = differing.length === 0 ? await cannotBeSeen(context) : undefined;
  if (unseen !== undefined) return { answer: 'cannot tell', evidence: unseen };
  if (differing.length === 0)
    return {
      answer: 'done',
      evidence: `${given.server} reads back the ${resource.title} as declared`,
      result: found.value as Json,
      wrote: await sentWith(resource, context),
    };
  const asBefore = given.before !== null && digestOf(found.value) === digestOf(given.before);
  return asBefore
    ? { answer: 'not done', evidence: `${given.server} reads back the ${resource.title} as it was before` }
    : { answer: 'cannot tell', evidence: `it is neither as before nor as declared: ${differing.join(', ')} differ` };
}

/** That the thing is there as declared proves that its secrets went with it; one that cannot be opened now is not told of. */
async function sentWith(resource: AnyResource, context: StepContext): Promise<Readonly<Record<string, Digest>>> {
  const given = givenOf(context);
  const { secrets } = declaredOf(given);
  const found = context.step.act === 'update' && given.before !== null ? foundBefore(given) : undefined;
  const { audience } = await apiOf(context);
  const digests = await Promise.all(
    resource.sends(declaredOf(given), found).map(async (parameter) => {
      const reference = secrets[parameter];
      if (reference === undefined) return [];
      try {
        const secret = await context.world.secret(reference, audience);
        return [[parameter, await context.world.keyedDigest(secret)] as const];
      } catch (error) {
        if (error instanceof Fault) return [];
        throw error;
      }
    }),
  );
  return Object.fromEntries(digests.flat());
}

const foundBefore = ({ name, before }: ResourceGiven) => ({ name, value: before ?? {} });

/** What no server reads back: whether a secret was taken, and whether one that it made was saved. */
async function cannotBeSeen(context: StepContext): Promise<string | undefined> {
  const { resend = [], renew = [], saves = {} } = givenOf(context);
  if (resend.length + renew.length > 0)
    return `its ${[...resend, ...renew].join(' and its ')} cannot be read back; the next plan sends it again`;
  const { audience } = await apiOf(context);
  for (const [parameter, file] of Object.entries(saves))
    try {
      await context.world.secret(file, audience);
    } catch {
      return `it is there, and its ${parameter} was lost before it was saved; the next plan has it made anew`;
    }
  return undefined;
}

export async function isGone(resource: AnyResource, context: StepContext): Promise<Probed> {
  const { name, server } = givenOf(context);
  const found = await foundNow(resource, context, name);
  return found === undefined
    ? { answer: 'done', evidence: `${server} no longer has the ${resource.title}` }
    : { answer: 'not done', evidence: `${server} still has the ${resource.title}` };
}
