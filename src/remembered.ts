// What a plan is made with beside the estate and the servers: what the state remembers, and what the estate says of the way.
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
