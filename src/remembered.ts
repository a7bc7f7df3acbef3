// What a plan is made with beside the estate and the servers: what the state remembers, and what the estate says of the way.
import type { ResourceKind } from './contracts/resource.ts';
import { Fault } from './fault.ts';
import type { Holdfast } from './holdfast.ts';
import type { Estate } from './model/estate.ts';
import type { Wrote } from './model/run.ts';
import type { Ref } from './values/ref.ts';
import type { SecretReference } from './values/secret-reference.ts';

type Remembered = Readonly<{ owned: ReadonlySet<Ref>; wrote: ReadonlyMap<Ref, Wrote> }>;

export const remembered = (holdfast: Holdfast, estate: Estate): Remembered =>
  holdfast.look(estate.name, (journal) => ({ owned: journal.owned(), wrote: journal.wrote() })) ?? {
    owned: new Set(),
    wrote: new Map(),
  };

export function escrowAndTransports({ pve, sections }: Estate) {
  const byCommand = new Set(pve.filter(({ through }) => through === 'pvesh').map(({ name }) => name));
  return { byCommand, escrow: (sections['escrow'] ?? []) as readonly SecretReference[] };
}

/**
 * An estate that says nothing of any kind is mostly the wrong file; pruned by it, everything that was ever taken over would go.
 * An empty list is said, and meant.
 */
export function refuseToPruneAll(estate: Estate, resources: readonly ResourceKind[], owned: ReadonlySet<Ref>): void {
  const keys = new Set(resources.flatMap(({ section }) => Object.keys(section.shape)));
  const says = (holder: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(holder).some(([key, value]) => keys.has(key) && value !== undefined);
  const saysAny = says(estate.sections) || estate.pbs.some((server) => says(server) || server.saysDatastores === true);
  if (saysAny || owned.size === 0) return;
  throw new Fault('prune-without-declarations', {
    where: estate.file,
    says: `it declares nothing on any server, and --prune would remove all ${owned.size} things that Holdfast made or took over`,
    remedy:
      'see whether it is the right file; declare what is to stay, and where nothing is, write that: `pbs_storages: []`',
    exit: 'misused',
  });
}
