// desired + observed -> plan: what would have to change, why, in which order, and what it means. Pure.
import type { Declared, ResourceKind } from '../contracts/resource.ts';
import { digestOfObserved, type Found, type Reading, readingOf } from '../model/observed.ts';
import { makePlan, type Note, type Plan, type Refusal } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { canonical, type Json } from '../values/canonical.ts';
import { plainRef, type Ref, ref } from '../values/ref.ts';
import { decideOne, keyNotEscrowed, type Remade } from './decide-one.ts';
import type { Deciding } from './deciding.ts';
import { inOrder } from './order.ts';
import { noPart, type Part } from './part.ts';
import { stepFor, subjectOf } from './resource-step.ts';

export function decide(deciding: Deciding): Plan {
  const remade = remadeBy(deciding);
  const parts = deciding.resources.flatMap((resource) => decideResource(deciding, resource, remade));
  const needs = new Map(parts.flatMap((part) => part.needs));
  const { steps, blocked } = withoutBlocked(parts, needs);
  return makePlan({
    estate: deciding.estate,
    job: 'apply',
    madeAt: deciding.observed.at,
    desired: deciding.desired.digest,
    observed: digestOfObserved(deciding.observed),
    steps: inOrder(withoutInner(steps, deciding.resources), needs, deciding.resources),
    notes: [...deciding.notes, ...parts.flatMap((part) => part.notes)],
    refusals: [...parts.flatMap((part) => part.refusals), ...blocked],
    unchanged: parts.reduce((sum, part) => sum + part.unchanged, 0),
    afterFailure: 'keep',
  });
}

/** What would be made on top of something that is refused cannot be made; what is there already can still be changed. */
function withoutBlocked(
  parts: readonly Part[],
  needs: ReadonlyMap<string, readonly Ref[]>,
): Readonly<{ steps: readonly Step[]; blocked: readonly Refusal[] }> {
  const refused = new Set(
    parts.flatMap(({ refusals }) => refusals.flatMap(({ subject, unread }) => (unread === undefined ? [subject] : []))),
  );
  const steps = parts.flatMap((part) => part.steps);
  const missing = ({ id, act }: Step): readonly Ref[] =>
    act === 'create' ? (needs.get(id) ?? []).filter((subject) => refused.has(subject)) : [];
  // What is not made for that reason is missing to others in its turn.
  for (let before = -1; before !== refused.size; ) {
    before = refused.size;
    for (const step of steps) if (missing(step).length > 0) refused.add(step.subject);
  }
  return {
    steps: steps.filter((step) => missing(step).length === 0),
    blocked: steps
      .filter((step) => missing(step).length > 0)
      .map((step) => ({
        subject: step.subject,
        code: 'comes-after-refused',
        says: `it needs ${missing(step).map(plainRef).join(', ')}, which cannot be done`,
        remedy: 'put that right first',
      })),
  };
}

/** What is kept within a thing that is removed goes with it, and is not removed twice. */
function withoutInner(steps: readonly Step[], resources: readonly ResourceKind[]): readonly Step[] {
  const homes = new Map(
    resources.flatMap(({ name, within }) => (within === undefined ? [] : [[name, within] as const])),
  );
  const gone = new Set(steps.filter(({ act }) => act === 'remove').map(({ subject }) => subject));
  return steps.filter(({ act, kind, given }) => {
    const home = homes.get(kind.slice(0, kind.lastIndexOf('.')));
    const { server, within } = given as Readonly<{ server?: string; within?: string }>;
    if (act !== 'remove' || home === undefined || server === undefined || within === undefined) return true;
    return !gone.has(ref(home, server, within));
  });
}

/** Secrets that servers make in this plan: of what is not there yet, and of what was lost before it was saved. */
function remadeBy({ desired, observed, secrets }: Deciding): Remade {
  return new Map(
    desired.declared
      .filter(({ saves = {} }) => Object.keys(saves).length > 0)
      .flatMap((one) => {
        const subject = ref(one.kind, one.server, one.name);
        const reading = readingOf(observed, one.kind, one.server);
        const isThere =
          reading === undefined ||
          'fault' in reading.answer ||
          reading.answer.found.some(({ name }) => name === one.name);
        const lost = secrets.get(subject)?.unsaved ?? [];
        return Object.entries(one.saves ?? {}).flatMap(([parameter, file]) =>
          isThere && !lost.includes(parameter) ? [] : [[canonical(file), subject] as const],
        );
      }),
  );
}

function decideResource(deciding: Deciding, resource: ResourceKind, remade: Remade): readonly Part[] {
  const declared = Map.groupBy(
    deciding.desired.declared.filter(({ kind }) => kind === resource.name),
    ({ server }) => server,
  );
  const servers = new Set([
    ...declared.keys(),
    ...deciding.observed.readings.filter(({ kind }) => kind === resource.name).map(({ server }) => server),
  ]);
  return [...servers].sort().flatMap((server) => {
    const here = declared.get(server) ?? [];
    const reading = readingOf(deciding.observed, resource.name, server);
    if (reading === undefined || 'fault' in reading.answer) return [unread(resource, server, here, reading)];
    const found = new Map(reading.answer.found.map((one) => [one.name, one]));
    const counts = Map.groupBy(here, ({ name }) => name);
    return [
      ...here.map((one) => {
        const alike = counts.get(one.name) ?? [];
        if (alike.length > 1) return declaredTwice(resource, one, alike);
        return decideOne(deciding, resource, one, found.get(one.name), remade);
      }),
      undeclared(deciding, resource, server, here, reading.answer.found),
    ];
  });
}

function declaredTwice(resource: ResourceKind, one: Declared, alike: readonly Declared[]): Part {
  const places = alike.map(({ place }) => place).join(' and ');
  const refusal: Refusal = {
    subject: subjectOf(resource, one),
    code: 'declared-twice',
    says: `${places} both declare the ${resource.title} ${one.name} on ${one.server}`,
    remedy: 'give one of them another name or id, or take it out',
  };
  return { ...noPart, refusals: one === alike[0] ? [refusal] : [] };
}

/** A server that could not be asked: what is declared there cannot be planned, and that is said once for each. */
function unread(
  resource: ResourceKind,
  server: string,
  declared: readonly Declared[],
  reading: Reading | undefined,
): Part {
  const fault = reading !== undefined && 'fault' in reading.answer ? reading.answer.fault : undefined;
  const says = fault === undefined ? `${server} was not asked` : fault.says;
  const subjects = declared.length > 0 ? declared.map((one) => subjectOf(resource, one)) : [ref(resource.name, server)];
  const remedy = fault?.remedy ?? 'declare that server in the estate';
  return {
    ...noPart,
    refusals: subjects.map((subject) => ({
      subject,
      code: fault?.code ?? 'server-unknown',
      says,
      remedy,
      unread: server,
    })),
  };
}

function undeclared(
  deciding: Deciding,
  resource: ResourceKind,
  server: string,
  declared: readonly Declared[],
  found: readonly Found[],
): Part {
  const names = new Set(declared.map(({ name }) => name));
  const others = found.filter(({ name }) => !names.has(name));
  const isOurs = ({ name }: Found) => deciding.owned.has(ref(resource.name, server, name));
  const ours = others.filter(isOurs);
  const foreign = others.filter((one) => !isOurs(one));
  const notes: Note[] = [];
  if (foreign.length > 0)
    notes.push({
      subject: ref(resource.name, server),
      level: 'info',
      says: `left alone, for it is neither declared nor made by Holdfast: ${foreign.map(({ name }) => name).join(', ')}`,
    });
  if (!deciding.prune)
    for (const { name } of ours)
      notes.push({
        subject: ref(resource.name, server, name),
        level: 'warning',
        says: 'it is no longer declared; it stays until you say `--prune`',
      });
  if (!deciding.prune) return { ...noPart, notes };
  const steps = ours.map((one) => removal(deciding, resource, server, one));
  return {
    ...noPart,
    notes,
    steps: steps.filter((step) => 'id' in step),
    refusals: steps.filter((step) => 'code' in step),
  };
}

function removal({ escrow }: Deciding, resource: ResourceKind, server: string, found: Found): Step | Refusal {
  const losesKey = resource.losesKey?.(found, undefined) !== undefined;
  if (losesKey && escrow.length === 0) {
    const { code, says, remedy } = keyNotEscrowed(found.name);
    return { subject: ref(resource.name, server, found.name), code, says, remedy };
  }
  const given = {
    ...{ server, name: found.name, fields: {}, secrets: {}, before: found.value },
    ...(losesKey ? { escrow } : {}),
    ...(found.within === undefined ? {} : { within: found.within }),
  };
  return {
    ...stepFor(resource, 'remove', server, found.name, found),
    because: ['it is no longer declared, Holdfast made it or took it over, and --prune was said'],
    changes: [],
    risk: 'destroys',
    given: given as unknown as Json,
    wayBack: 'one-way',
  };
}
