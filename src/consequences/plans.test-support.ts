// Plans for the tests of consequences: an estate as it was applied before, another one now, and what the servers answer when
// they are asked. Everything between is the real thing: reading, declaring, deciding, weighing.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { Consequence } from '../contracts/consequence.ts';
import { desire } from '../desired/desire.ts';
import { read, withFiles } from '../estate/estate.test-support.ts';
import type { GuestSeen, SnapshotSeen } from '../model/fact-types.ts';
import { type Ask, factsOf, nameOfAsk, type Told } from '../model/facts.ts';
import type { Found, Observed, Reading } from '../model/observed.ts';
import type { Plan } from '../model/plan.ts';
import { decide } from '../plan/decide.ts';
import { planAsText } from '../plan/plan-text.ts';
import { weigh } from '../plan/weigh.ts';
import { resources } from '../resources/all.ts';
import { type Instant, instantAt } from '../values/instant.ts';
import { type Ref, ref } from '../values/ref.ts';

export const pin = `${'AA:'.repeat(31)}AA`;
export const now: Instant = instantAt(Date.UTC(2026, 10, 21, 3));

/** Three hosts and a PBS, as in the operations runbook; `more` goes below the PBS, `rest` to the end. */
export const house = (more = '', rest = ''): string => `
estate: homelab
pve:
  - { name: ruapehu, url: "https://10.10.0.10:8006", trust: ca, token: { id: h@pve!ops, secret: { env: T } } }
  - { name: pihanga, url: "https://10.10.0.20:8006", trust: ca, token: { id: h@pve!ops, secret: { env: T } } }
  - { name: hikurangi, url: "https://10.10.0.178:8006", trust: ca, token: { id: h@pve!ops, secret: { env: T } } }
pbs:
  - name: backup
    url: "https://10.10.0.151:8007"
    trust: ca
    token: { id: h@pbs!ops, secret: { env: T } }
${more.replaceAll(/^(?=.)/gm, '    ')}
${rest}
`;

/** An entry of `pbs_storages` that leads to the PBS of the house. */
export const entry = (more = ''): string =>
  `{ name: tank, server: 10.10.0.151, datastore: tank, fingerprint: "${pin}", username: backup@pbs!pve, password: { env: TANK }${more === '' ? '' : `, ${more}`} }`;

export type Given = Readonly<{
  /** the estate as it was carried out; nothing where there was none */
  before?: string;
  now: string;
  /** what is found beside it, or instead */
  found?: Readonly<Record<Ref, Partial<Found>>>;
  /** collections that could not be read, as `KIND SERVER` */
  unreadable?: readonly string[];
  answer?: (ask: Ask) => unknown;
  prune?: boolean;
  /** files that the estate names as secrets, beside it */
  secrets?: readonly string[];
  at?: Instant;
}>;

export type Planned = Readonly<{
  plan: Plan;
  text: string;
  asked: readonly string[];
  /** what was said beside what deciding alone says */
  notes: Plan['notes'];
}>;

export async function planned(consequences: readonly Consequence[], given: Given): Promise<Planned> {
  const secrets = given.secrets ?? [];
  const files = Object.fromEntries(secrets.map((name) => [name, 'a secret of this test']));
  const estates = { 'now.yaml': given.now, 'before.yaml': given.before ?? 'estate: homelab' };
  return withFiles({ ...files, ...estates }, async (folder) => {
    for (const name of secrets) await chmod(join(folder, name), 0o600);
    const [estate, was] = [await read(join(folder, 'now.yaml')), await read(join(folder, 'before.yaml'))];
    const [desired, held] = [desire(estate, resources), desire(was, resources)];
    const at = given.at ?? now;
    const found = held.declared.map((one) => ({
      ...{ kind: one.kind, server: one.server, name: one.name, value: one.item },
      ...(one.within === undefined ? {} : { within: one.within }),
      ...given.found?.[ref(one.kind, one.server, one.name)],
    }));
    const asked = [...held.declared, ...desired.declared];
    const observed: Observed = {
      at,
      versions: new Map(),
      readings: readingsOf(asked, found, at, given.unreadable ?? []),
    };
    const deciding = { byCommand: new Set<string>(), secrets: new Map(), escrow: escrowOf(estate.sections), notes: [] };
    const owned = new Set(held.declared.map((one) => ref(one.kind, one.server, one.name)));
    const decided = decide({
      ...{ estate: estate.name, desired, observed, resources, owned, prune: given.prune === true },
      ...deciding,
    });
    const look = { estate, desired, observed, steps: decided.steps };
    const asks = consequences.flatMap((one) => one.asks(look));
    const told = [...new Map(asks.map((ask) => [nameOfAsk(ask), ask])).values()].map((ask) => tell(ask, given, at));
    const plan = weigh(decided, look, consequences, factsOf(told), told);
    const notes = plan.notes.slice(decided.notes.length);
    return { plan, text: planAsText(plan), asked: asks.map(plainAsk), notes };
  });
}

const escrowOf = (sections: Readonly<Record<string, unknown>>) => (sections['escrow'] ?? []) as never[];

const plainAsk = ({ fact, server, ...more }: Ask): string =>
  [fact, server, ...Object.values(more).map((one) => (one === '' ? '(root)' : String(one)))].join(' ');

type FoundHere = Found & Readonly<{ kind: string; server: string }>;

function readingsOf(
  asked: readonly Readonly<{ kind: string; server: string }>[],
  found: readonly FoundHere[],
  at: Instant,
  unreadable: readonly string[],
): readonly Reading[] {
  const collections = [...new Set(asked.map(({ kind, server }) => `${kind} ${server}`))].sort();
  return collections.map((name) => {
    const [kind = '', server = ''] = name.split(' ');
    const fault = { code: 'server-unreachable', where: server, says: 'nobody listens there', remedy: 'start it' };
    const here = found.filter((one) => one.kind === kind && one.server === server);
    return { kind, server, at, answer: unreadable.includes(name) ? { fault } : { found: here } };
  });
}

function tell(ask: Ask, { answer }: Given, at: Instant): Told {
  const told = answer?.(ask);
  if (told !== undefined) return { ask, known: { at, answer: told } };
  const fault = { code: 'server-unreachable', where: ask.server, says: 'it does not answer', remedy: 'start it' };
  return { ask, known: { at, fault } };
}

export const guest = (vmid: number, name: string, more: Partial<GuestSeen> = {}): GuestSeen => ({
  ...{ vmid, name, type: 'qemu', node: 'ruapehu', status: 'running', template: false, pool: undefined },
  ...more,
});

const day = 86_400;

/** One each night at two o'clock in UTC, the newest on the night before `now`. */
export const nightly = (id: string, nights: number, more: Partial<SnapshotSeen> = {}): readonly SnapshotSeen[] =>
  Array.from({ length: nights }, (_, night) => ({
    ...{ type: 'vm', id, time: Date.UTC(2026, 10, 21, 2) / 1000 - night * day, finished: true, protected: false },
    ...{ owner: 'backup@pbs!pve', size: 1, verified: undefined },
    ...more,
  }));

/** What the plan says a step means, by the step's title. */
export const meansOf = ({ plan }: Planned, title: string): readonly string[] =>
  plan.steps.find((step) => step.title === title)?.means ?? [];

export const notesOf = ({ notes }: Planned): readonly string[] =>
  notes.map(({ level, subject, says }) => `${level} ${subject}: ${says}`);
