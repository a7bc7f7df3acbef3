// What would be lost together: a PBS on a host it protects, a datastore on the disks of what is backed up to it, everything at one
// site, a key that only the vault has. And how far the estate has come towards three copies (mission 0.2, 2.4).
import type { Consequence, Look } from '../../contracts/consequence.ts';
import type { Estate } from '../../model/estate.ts';
import type { Note } from '../../model/plan.ts';
import { ref } from '../../values/ref.ts';
import { nameOfReference, type SecretReference } from '../../values/secret-reference.ts';
import { listed, unique } from '../compare/words.ts';
import { type Copy, copiesIn } from './copies.ts';
import { hostOf, type Stored, siteOf, storedIn } from './places.ts';

export const failureDomain: Consequence = {
  name: 'failure-domain',
  asks: () => [],
  judge: (look) => {
    const stored = storedIn(look);
    const copies = stored.length === 0 ? [] : copiesIn(look);
    return {
      notes: [
        ...unique(stored.map(({ pbs }) => pbs)).flatMap((pbs) =>
          onWhatItProtects(stored.filter((one) => one.pbs === pbs)),
        ),
        ...stored.flatMap((one) => [...onTheirDisks(one), ...atOneSite(look.estate, one, copies)]),
        ...copies.flatMap(onTheSameDisks),
        ...keysInVault(look),
        ...phase(look.estate, stored, copies),
      ],
    };
  },
};

const warning = (subject: Note['subject'], says: string): Note => ({ subject, level: 'warning', says });

/** @param stored the datastores of one PBS */
function onWhatItProtects(stored: readonly Stored[]): readonly Note[] {
  const [first] = stored;
  const on = first?.pbs.runs_on;
  if (first === undefined || on === undefined || !stored.some(({ writers }) => writers.includes(on.pve))) return [];
  const outlive = stored.filter(({ host }) => host !== on.pve);
  const then =
    outlive.length === 0
      ? 'with that host its own backups are lost, too'
      : `with that host the PBS is lost, too; ${listed(outlive.map(({ store, host }) => `${store} on ${host}`))} outlives it, and can be read again by a new PBS`;
  const says = `it is guest ${on.guest} on ${on.pve}, which it protects: ${then}. Run it on hardware of its own`;
  return [warning(ref('pbs', first.pbs.name), says)];
}

function onTheirDisks({ pbs, store, host, writers }: Stored): readonly Note[] {
  if (host === undefined || !writers.includes(host)) return [];
  const says = `it lies on the disks of ${host}, whose guests are backed up to it: original and copy are lost together. Keep it elsewhere, or sync it elsewhere`;
  return [warning(ref('pbs-datastore', pbs.name, store), says)];
}

function atOneSite(estate: Estate, { pbs, store, host, writers }: Stored, copies: readonly Copy[]): readonly Note[] {
  const site = siteOf(estate, host ?? pbs.name);
  if (site === undefined) return [];
  const here = writers.filter((writer) => siteOf(estate, writer) === site);
  if (here.length === 0 || copies.some((copy) => isElsewhere(estate, copy, { pbs, store }, site))) return [];
  const says = `it stands at ${site}, as does what is backed up to it (${listed(here)}): nothing survives the loss of ${site}. A sync job to a PBS at another site, or to S3, makes a copy that does`;
  return [warning(ref('pbs-datastore', pbs.name, store), says)];
}

function isElsewhere(
  estate: Estate,
  { from, to, isS3 }: Copy,
  of: Pick<Stored, 'pbs' | 'store'>,
  site: string,
): boolean {
  if (from.pbs !== of.pbs || from.store !== of.store) return false;
  // A PBS that the estate does not have stands where nobody here can tell.
  if (isS3 || to.pbs === undefined) return true;
  return siteOf(estate, hostOf(to.pbs, to.store) ?? to.pbs.name) !== site;
}

function onTheSameDisks({ from, to, together }: Copy): readonly Note[] {
  if (together === undefined || to.pbs === undefined) return [];
  const says = `it is a copy of ${from.store}, and both lie on the disks of ${together}: what takes one takes the other. Keep the copy on another host`;
  return [warning(ref('pbs-datastore', to.pbs.name, to.store), says)];
}

/** Where a vault stands is nowhere in an estate: what can be told is that nothing but a vault has the key. */
function keysInVault({ estate, desired }: Look): readonly Note[] {
  const escrow = (estate.sections['escrow'] ?? []) as readonly SecretReference[];
  if (escrow.some((reference) => !('vault' in reference))) return [];
  return desired.declared.flatMap(({ kind, server, name, secrets, makes }) => {
    const key = kind === 'pve-storage' ? { ...secrets, ...makes }['encryption-key'] : undefined;
    if (key === undefined || !('vault' in key)) return [];
    const says = `its encryption key is kept in a vault alone (${nameOfReference(key)}): if that vault is among the guests backed up with it, nothing can open their backups. Keep a copy of the key outside: escrow: [{ file: PATH }]`;
    return [warning(ref('pve-storage', server, name), says)];
  });
}

/** The phases of the after-action report: a PBS as a guest, on its own hardware, then a second copy and a third. */
function phase(estate: Estate, stored: readonly Stored[], copies: readonly Copy[]): readonly Note[] {
  const [first] = stored;
  if (first === undefined) return [];
  const guests = unique(
    stored.flatMap(({ pbs, writers }) => (writers.includes(pbs.runs_on?.pve ?? '') ? [pbs.name] : [])),
  );
  const second = copies.some(({ isS3, together }) => !isS3 && together === undefined);
  const third = copies.some(({ isS3 }) => isS3);
  const copy = `${second ? 'a second copy by sync' : 'no second copy declared'}, ${third ? 'a copy in S3' : 'none in S3'}`;
  const says = (name: string, next: string): readonly Note[] => [
    { subject: ref('estate', estate.name), level: 'info', says: `backups are in ${name}; ${copy}. Next: ${next}` },
  ];
  if (guests.length > 0)
    return says(
      `phase 1 of 3 (${listed(guests)} is a guest of what it protects)`,
      `move ${listed(guests)} to hardware of its own`,
    );
  if (!second && !third)
    return says('phase 2 of 3 (the PBS stands on its own)', 'a sync job to a second PBS or to another datastore');
  if (!second || !third)
    return says(
      'phase 3 of 3 (3-2-1), half way',
      second ? 'a sync job to a datastore in S3, or to a PBS at another site' : 'a sync job to a second PBS',
    );
  return says('phase 3 of 3 (3-2-1)', 'drills that prove each copy');
}
