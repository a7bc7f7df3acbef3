// desired + observed -> plan: what would have to change, why, in which order, and what it means. Pure.
import type { Decided, Declared, Desired, Fields, ResourceKind } from '../contracts/resource.ts';
import { digestOfObserved, type Found, type Observed, type Reading, readingOf } from '../model/observed.ts';
import { makePlan, type Note, type Plan, type Refusal } from '../model/plan.ts';
import { type Act, absent, type Step } from '../model/step.ts';
import { digestOf, type Json } from '../values/canonical.ts';
import { minutes } from '../values/duration.ts';
import { type Ref, ref } from '../values/ref.ts';
import { inOrder } from './order.ts';

export type Deciding = Readonly<{
  estate: string;
  desired: Desired;
  observed: Observed;
  resources: readonly ResourceKind[];
  /** what Holdfast made or took over */
  owned: ReadonlySet<Ref>;
  /** servers that are asked by a command on this machine: a secret would be an argument there, which every process can read */
  byCommand: ReadonlySet<string>;
  /** what to say beside what is decided */
  notes: readonly Note[];
  /** `--prune`: remove what is ours and no longer declared */
  prune: boolean;
}>;

type Part = Readonly<{
  steps: readonly Step[];
  notes: readonly Note[];
  refusals: readonly Refusal[];
  unchanged: number;
}>;

export function decide(deciding: Deciding): Plan {
  const parts = deciding.resources.flatMap((resource) => decideResource(deciding, resource));
  return makePlan({
    estate: deciding.estate,
    job: 'apply',
    madeAt: deciding.observed.at,
    desired: deciding.desired.digest,
    observed: digestOfObserved(deciding.observed),
    steps: inOrder(
      parts.flatMap((part) => part.steps),
      deciding.resources,
    ),
    notes: [...deciding.notes, ...parts.flatMap((part) => part.notes)],
    refusals: parts.flatMap((part) => part.refusals),
    unchanged: parts.reduce((sum, part) => sum + part.unchanged, 0),
    afterFailure: 'keep',
  });
}

function decideResource(deciding: Deciding, resource: ResourceKind): readonly Part[] {
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
    return [
      ...here.map((one) => decideOne(deciding, resource, one, found.get(one.name))),
      undeclared(deciding, resource, server, here, reading.answer.found),
    ];
  });
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
    steps: [],
    notes: [],
    refusals: subjects.map((subject) => ({
      subject,
      code: fault?.code ?? 'server-unknown',
      says,
      remedy,
      unread: server,
    })),
    unchanged: 0,
  };
}

function decideOne(deciding: Deciding, resource: ResourceKind, declared: Declared, found: Found | undefined): Part {
  const subject = subjectOf(resource, declared);
  const decided = sendable(deciding, resource, declared, found, resource.decide(declared, found));
  const notes = declared.notes.map((note) => ({ ...note, subject }));
  if (decided.act === 'none') return { steps: [], notes, refusals: [], unchanged: 1 };
  if (decided.act === 'refuse') {
    const { code, says, remedy } = decided;
    return {
      steps: [],
      notes,
      refusals: [{ subject, code, says: `${declared.place}: ${says}`, remedy }],
      unchanged: 0,
    };
  }
  const { act, because, changes, risk } = decided;
  const { server, name, item, secrets } = declared;
  const step: Step = {
    ...common(resource, act, server, name, found),
    title: `${decided.verb ?? act} ${resource.title} ${name} on ${server}`,
    because,
    changes,
    risk,
    given: { server, name, fields: item, secrets, before: found?.value ?? null } as unknown as Json,
    wayBack: 'undo',
  };
  return { steps: [step], notes, refusals: [], unchanged: 0 };
}

function sendable(
  { byCommand }: Deciding,
  resource: ResourceKind,
  declared: Declared,
  found: Found | undefined,
  decided: Decided,
): Decided {
  if (decided.act === 'none' || decided.act === 'refuse' || !byCommand.has(declared.server)) return decided;
  const sent = resource.sends(declared, found);
  if (sent.length === 0) return decided;
  return {
    act: 'refuse',
    code: 'secret-on-command-line',
    says: `pvesh takes its ${sent.join(' and its ')} only as an argument, and every process on the node can read arguments`,
    remedy: 'go over HTTPS: add --pve https://HOST:8006 --pve-token USER@REALM!NAME=file:PATH --pve-fingerprint SHA256',
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
  const steps = deciding.prune ? ours.map((one) => removal(resource, server, one)) : [];
  return { steps, notes, refusals: [], unchanged: 0 };
}

function removal(resource: ResourceKind, server: string, found: Found): Step {
  return {
    ...common(resource, 'remove', server, found.name, found),
    because: ['it is no longer declared, Holdfast made it or took it over, and --prune was said'],
    changes: [],
    risk: 'destroys',
    given: { server, name: found.name, fields: {}, secrets: {}, before: found.value } as unknown as Json,
    wayBack: 'one-way',
  };
}

function common(
  resource: ResourceKind,
  act: Act & ('create' | 'update' | 'remove'),
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

const subjectOf = (resource: ResourceKind, { server, name }: Declared): Ref => ref(resource.name, server, name);
