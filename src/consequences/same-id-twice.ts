// Two clusters that write to one namespace and both have a guest of the same type and id: PBS takes their backups for those of
// one guest, and each makes the other's prunable.
import type { Consequence, Judged, Look } from '../contracts/consequence.ts';
import type { GuestSeen } from '../model/fact-types.ts';
import type { Facts } from '../model/facts.ts';
import type { Note } from '../model/plan.ts';
import { kindOf, ref } from '../values/ref.ts';
import { answered, unknownNote } from './compare/answered.ts';
import { type Configured, configured, textOf } from './compare/configured.ts';
import { groupOf, takes } from './compare/selection.ts';
import { isEnabled, keyOf, labelOf, storagesOf, type Target } from './compare/storages.ts';
import { listed, unique } from './compare/words.ts';

/** Storages of several servers that lead to one namespace, and the steps that make one of them do so. */
type Shared = Readonly<{ target: Target; servers: readonly string[]; pointing: readonly Configured[] }>;

export const sameIdTwice: Consequence = {
  name: 'same-id-twice',
  asks: (look) =>
    sharedIn(look).flatMap(({ servers, pointing }) =>
      pointing.length === 0 ? [] : servers.map((server) => ({ fact: 'guests' as const, server })),
    ),
  judge: (look, facts) => {
    const writes = writersOf(look);
    const judged = sharedIn(look).map((one) => judgedOne(one, facts, writes));
    return {
      notes: judged.flatMap(({ notes = [] }) => notes),
      refuses: judged.flatMap(({ refuses = [] }) => refuses),
    };
  },
};

function sharedIn(look: Look): readonly Shared[] {
  const storages = storagesOf(look);
  const leading = storages.all.flatMap((storage) => {
    const target = isEnabled(storage.after) ? storages.targetOf(storage, storage.after) : undefined;
    if (target === undefined) return [];
    const was = isEnabled(storage.before) ? storages.targetOf(storage, storage.before) : undefined;
    const isNew = storage.step !== undefined && (was === undefined || keyOf(was) !== keyOf(target));
    return [{ storage, target, isNew }];
  });
  const jobs = Map.groupBy(
    configured(look, 'pve-backup-job').filter(startsToWrite),
    ({ server, after }) => `${server} ${textOf(after?.['storage'])}`,
  );
  return [...Map.groupBy(leading, ({ target }) => keyOf(target)).values()].flatMap((ones) => {
    const servers = unique(ones.map(({ storage }) => storage.server));
    const pointing = ones.flatMap(({ storage, isNew }) => [
      ...(isNew ? [storage] : []),
      ...(jobs.get(`${storage.server} ${storage.name}`) ?? []),
    ]);
    const [first] = ones;
    return first === undefined || servers.length < 2 ? [] : [{ target: first.target, servers, pointing }];
  });
}

const startsToWrite = ({ step, before, after }: Configured): boolean =>
  step !== undefined &&
  isEnabled(after) &&
  !(isEnabled(before) && textOf(before['storage']) === textOf(after['storage']));

function judgedOne({ target, servers, pointing }: Shared, facts: Facts, writes: Writes): Judged {
  const told = servers.map((server) => ({ server, told: answered(facts, { fact: 'guests', server }) }));
  const known = told.flatMap(({ server, told: one }) => ('says' in one ? [] : [{ server, guests: one.answer }]));
  const clusters = clustersOf(known);
  const holders = Map.groupBy(
    [...clusters.values()].flatMap(({ servers: names, groups }) => groups.map((group) => ({ group, names }))),
    ({ group }) => group,
  );
  const twice = new Map([...holders].filter(([, ones]) => ones.length > 1));
  const unread = told.flatMap(({ server, told: one }) => ('says' in one ? [{ server, says: one.says }] : []));
  const unknown = pointing.flatMap(({ subject }) =>
    unread.map(({ server, says }) => unknownNote(subject, whetherToo(server, target), says)),
  );
  return {
    notes: [...unknown, ...alreadySo(target, pointing, twice, writes)],
    refuses: pointing.flatMap((one) => {
      const here = known.find(({ server }) => server === one.server)?.guests ?? [];
      return refusalOf(target, one, taken(one, here), twice);
    }),
  };
}

/** What a job takes; a storage entry may get everything that is there. */
const taken = ({ subject, after }: Configured, guests: readonly GuestSeen[]): ReadonlySet<string> =>
  new Set(
    guests
      .filter((guest) => kindOf(subject) !== 'pve-backup-job' || after === undefined || takes(after, guest))
      .map(groupOf),
  );

const whetherToo = (server: string, target: Target): string =>
  `whether ${server}, which writes to ${labelOf(target)} too, has guests of the same type and id`;

/** Those who wrote there before this plan; nobody is asked for it, but what is known is said. */
function alreadySo(
  { pbs, store, namespace }: Target,
  pointing: readonly Configured[],
  twice: Holders,
  writes: Writes,
): readonly Note[] {
  const refused = new Set(pointing.map(({ server }) => server));
  // An entry that no job uses any more writes nothing.
  const writing = (names: readonly string[]) => names.some((name) => writes(name, { pbs, store, namespace }));
  const here = [...twice]
    .map(([group, ones]) => [group, ones.filter(({ names }) => writing(names))] as const)
    .filter(([, ones]) => ones.length > 1)
    .filter(([, ones]) => !ones.some(({ names }) => names.some((name) => refused.has(name))));
  if (here.length === 0) return [];
  const groups = listed(
    here.map(([group]) => group),
    5,
  );
  const servers = unique(here.flatMap(([, ones]) => ones.flatMap(({ names }) => names)));
  const says = `${listed(servers)} write to ${labelOf({ store, namespace })}, and more than one of them has ${groups}: PBS takes them for one guest, and prunes them as one. Give each a namespace of its own`;
  return [{ subject: ref('pbs-datastore', pbs, store), level: 'warning', says }];
}

type Writes = (server: string, target: Target) => boolean;

/** Servers with a job that writes there; where jobs could not be read, or none are looked at, it may be. */
function writersOf(look: Look): Writes {
  const storages = storagesOf(look);
  const jobs = configured(look, 'pve-backup-job');
  const read = new Set(
    look.observed.readings
      .filter(({ kind, answer }) => kind === 'pve-backup-job' && 'found' in answer)
      .map(({ server }) => server),
  );
  const written = new Set(
    jobs.flatMap(({ server, after }) => {
      if (!isEnabled(after)) return [];
      const storage = storages.named(server, after['storage']);
      const target = isEnabled(storage?.after) ? storages.targetOf(storage, storage?.after) : undefined;
      return target === undefined ? [] : [`${server} ${keyOf(target)}`];
    }),
  );
  return (server, target) => !read.has(server) || written.has(`${server} ${keyOf(target)}`);
}

type Cluster = Readonly<{ servers: readonly string[]; groups: readonly string[] }>;

/** Nodes of one cluster list the same guests on the same nodes. */
function clustersOf(known: readonly Readonly<{ server: string; guests: readonly GuestSeen[] }>[]) {
  const alike = Map.groupBy(known, ({ guests }) => signatureOf(guests));
  return new Map(
    [...alike].map(([signature, ones]): [string, Cluster] => [
      signature,
      { servers: ones.map(({ server }) => server), groups: (ones[0]?.guests ?? []).map(groupOf) },
    ]),
  );
}

// Each server's list is compared once for every namespace that several servers write to.
const signatures = new WeakMap<readonly GuestSeen[], string>();

function signatureOf(guests: readonly GuestSeen[]): string {
  const known = signatures.get(guests);
  if (known !== undefined) return known;
  const signature = guests
    .map((guest) => `${groupOf(guest)}@${guest.node}`)
    .sort()
    .join(' ');
  signatures.set(guests, signature);
  return signature;
}

type Holders = ReadonlyMap<string, readonly Readonly<{ names: readonly string[] }>[]>;

function refusalOf(
  target: Target,
  { server, step }: Configured,
  groupsTaken: ReadonlySet<string>,
  twice: Holders,
): NonNullable<Judged['refuses']> {
  if (step === undefined) return [];
  const mine = [...twice].filter(
    ([group, ones]) => groupsTaken.has(group) && ones.some(({ names }) => names.includes(server)),
  );
  if (mine.length === 0) return [];
  const others = unique(mine.flatMap(([, ones]) => ones.flatMap(({ names }) => names))).filter((one) => one !== server);
  const groups = listed(
    mine.map(([group]) => group),
    5,
  );
  // What is named after one of them already is that one's own.
  const levels = target.namespace.split('/');
  const above = [server, ...others].includes(levels.at(-1) ?? '') ? levels.slice(0, -1) : levels;
  const namespace = (name: string): string => [...above, name].filter((level) => level !== '').join('/');
  const each = [server, ...others].map((name) => `${namespace(name)} for ${name}`).join(', ');
  return [
    {
      ...{ step: step.id, subject: step.subject, code: 'same-guest-twice' },
      says: `${server} and ${listed(others)} both have ${groups}, and both would write to ${labelOf(target)} on ${target.pbs}: PBS would take two guests for one, and prune them as one`,
      remedy: `give each cluster a namespace of its own: declare them under the datastore ${target.store}, and name one in each storage entry (namespace: ${each})`,
    },
  ];
}
