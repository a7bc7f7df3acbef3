// What is planned for an estate where the servers hold nothing yet: everything it declares is made, or refused.
import { desire } from '../src/desired/desire.ts';
import { readEstate } from '../src/estate/read.ts';
import { kinds } from '../src/kinds.ts';
import { localMachine } from '../src/machines/local.ts';
import type { PveServer } from '../src/model/estate.ts';
import type { Plan } from '../src/model/plan.ts';
import { decide } from '../src/plan/decide.ts';
import { instantAt, systemClock } from '../src/values/instant.ts';

export async function plannedFromNothing(file: string): Promise<Readonly<{ plan: Plan; declared: number }>> {
  const { files } = localMachine({ name: 'this machine', clock: systemClock });
  const estate = await readEstate(file, { files, kinds });
  const pve: PveServer = { product: 'pve', name: 'here', url: 'pvesh:/usr/bin/pvesh', through: 'pvesh' };
  const desired = desire(estate.pve.length > 0 ? estate : { ...estate, pve: [pve] }, kinds.resources);
  const at = instantAt(Date.UTC(2026, 10, 21, 20, 14, 7));
  const readings = desired.declared.map(({ kind, server }) => ({ kind, server, at, answer: { found: [] } }));
  const { resources } = kinds;
  const plan = decide({
    ...{ estate: estate.name, desired, observed: { at, readings, versions: new Map() }, resources },
    ...{ owned: new Set(), byCommand: new Set(), notes: [], prune: false, secrets: new Map(), escrow: [] },
  });
  return { plan, declared: desired.declared.length };
}

/** Where secrets lie is part of a plan, and so of its digest; a test's folder has another name each time. */
export const withoutDigest = (text: string): string => text.trimEnd().replace(/^Plan [0-9a-f]{12} /, 'Plan DIGEST ');
