// What no route carries, and what is carried nowhere else. Pure.
import type { Exclusion, Workload } from '../model/estate.ts';
import type { JobHistory } from '../model/job-history.ts';
import type { Note } from '../model/plan.ts';
import type { Carrier, RouteSource } from '../model/route.ts';
import { ref } from '../values/ref.ts';
import { count, cut, shown } from '../values/text.ts';
import type { Way } from './follow.ts';
import type { Apart } from './place.ts';
import { carrierRef } from './words.ts';

export type Known = Readonly<{
  carriers: readonly Carrier[];
  ways: readonly Way[];
  workloads: readonly Workload[];
  exclusions: readonly Exclusion[];
  /** names of the PVE servers */
  servers: readonly string[];
  /** what the journal knows of each layer: what its last run was to carry, and did not */
  histories: readonly JobHistory[];
}>;

const warning = (subject: Note['subject'], says: string): Note => ({ subject, level: 'warning', says });
const info = (subject: Note['subject'], says: string): Note => ({ subject, level: 'info', says });

export const gapsIn = (known: Known): readonly Note[] => [
  ...workloadsWithout(known),
  ...missingSources(known),
  ...serversWithout(known),
  ...guestsWithout(known),
  ...itemsWithout(known),
  ...neverStarted(known),
  ...nowhereElse(known),
];

function workloadsWithout({ workloads, carriers, exclusions }: Known): readonly Note[] {
  return workloads.flatMap(({ name }) => {
    const own = carriers.filter(({ workload }) => workload === name);
    if (own.some(({ routes }) => routes.length > 0) || exclusions.some(({ subject }) => subject === name)) return [];
    const [watching] = own;
    const says =
      watching === undefined
        ? 'no layer carries it anywhere. Declare one with this workload, or an entry of `exclusions` that says why it need not be'
        : `${listed(own.map((one) => one.name))} only ${own.length === 1 ? 'looks' : 'look'} at it and ${own.length === 1 ? 'copies' : 'copy'} nothing: no layer carries it anywhere. Declare one that does, or an entry of \`exclusions\` that says why it need not be`;
    return [warning(ref('workload', name), says)];
  });
}

function missingSources({ carriers }: Known): readonly Note[] {
  const making = new Set(carriers.filter(({ routes }) => routes.length > 0).map(({ name }) => name));
  return carriers.flatMap(({ name, routes }) =>
    routes
      .flatMap(({ reads }) => reads)
      .flatMap((source) =>
        source.what !== 'points' || making.has(source.of)
          ? []
          : [
              warning(
                ref('layer', name),
                `it reads the points of ${shown(source.of)}, and no layer of that name makes any: it carries nothing. Name one of \`layers\` that copies`,
              ),
            ],
      ),
  );
}

/** Only where the estate declares backup jobs at all: elsewhere those of the servers are nobody's matter here. */
function serversWithout({ carriers, servers }: Known): readonly Note[] {
  const sources = carriers
    .filter(({ kind }) => kind === 'backup job')
    .flatMap(({ routes }) => routes.flatMap(({ reads }) => reads));
  if (sources.length === 0) return [];
  const covered = new Set(sources.flatMap((source) => (source.what === 'guests' ? [source.on] : [])));
  return servers
    .filter((server) => !covered.has(server))
    .map((server) =>
      warning(
        ref('pve', server),
        'no backup job of the estate is for its guests. Add it to the `on` of one, or declare one for it',
      ),
    );
}

/** A job that leaves a guest out, and no other one that takes it by its id; an exclusion says why that is right. */
function guestsWithout({ carriers, exclusions }: Known): readonly Note[] {
  const excused = new Set(exclusions.map(({ subject }) => subject.replace(/^(vm|ct|qemu|lxc)\//, '')));
  const jobs = carriers.flatMap(({ name, routes }) =>
    routes.flatMap(({ reads }) => reads.flatMap((source) => (source.what === 'guests' ? [{ name, source }] : []))),
  );
  return jobs.flatMap(({ name, source }) => {
    const { select, on } = source;
    if (typeof select === 'string' || !('all_but' in select)) return [];
    return select.all_but
      .filter((guest) => !excused.has(String(guest)) && !jobs.some((other) => mayTake(other.source, on, guest)))
      .map((guest) =>
        warning(
          ref('guest', on, String(guest)),
          `the job ${shown(name)} leaves it out, no other job takes it, and no exclusion says why. Write one: exclusions: [{ subject: vm/${guest}, reason: ..., owner: ..., review_by: ... }]`,
        ),
      );
  });
}

function mayTake(source: RouteSource & { what: 'guests' }, server: string, guest: number): boolean {
  const { select, on } = source;
  if (on !== server) return false;
  if (select === 'all') return true;
  if ('all_but' in select) return !select.all_but.includes(guest);
  // Who is in a pool only PVE knows.
  return 'pool' in select || select.guests.includes(guest);
}

const itemsNamed = 5;

function itemsWithout({ histories }: Known): readonly Note[] {
  return histories.flatMap(({ name, last }) => {
    const missing = last?.tally.missing ?? [];
    if (last === undefined || missing.length === 0) return [];
    const some = missing.slice(0, itemsNamed).map((one) => `${shown(one.name)} (${cut(shown(one.says), 100)})`);
    const more = missing.length - some.length;
    const says = `its last run (${last.endedAt}) did not carry ${count(missing.length, 'item')} of ${last.tally.expected}: ${some.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
    return [warning(ref('layer', name), says)];
  });
}

function neverStarted({ carriers }: Known): readonly Note[] {
  return carriers
    .filter(({ routes, schedule }) => routes.length > 0 && schedule === undefined)
    .map(({ name, kind }) =>
      warning(
        carrierRef({ kind, carrier: name }),
        'it has no schedule: it carries something only when somebody starts it by hand',
      ),
    );
}

const beside: readonly Apart[] = ['the same disk', 'the same host', 'another disk'];

/** Said, and no fault: an operator may want it so. */
function nowhereElse({ ways }: Known): readonly Note[] {
  return ways.flatMap(({ source, says, copies }) => {
    if (copies.length === 0 || !copies.every((copy) => beside.includes(copy.apart))) return [];
    const worst = copies.every((copy) => copy.apart === 'the same disk') ? 'disk' : 'host';
    const subject = 'on' in source && source.on !== undefined ? ref(source.what, source.on) : ref(source.what);
    return [info(subject, `every copy of ${shown(says)} lies on the ${worst} of the original, and is lost with it`)];
  });
}

const listed = (names: readonly string[]): string => names.map(shown).join(', ');
