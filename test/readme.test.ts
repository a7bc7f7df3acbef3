// The first thing a stranger sees is true: the estate in the README is valid, and the plan below it is what Holdfast prints
// for it where the servers hold nothing yet.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { it } from 'node:test';
import { desire } from '../src/desired/desire.ts';
import { readEstate } from '../src/estate/read.ts';
import { kinds } from '../src/kinds.ts';
import { localMachine } from '../src/machines/local.ts';
import type { PveServer } from '../src/model/estate.ts';
import type { Plan } from '../src/model/plan.ts';
import { decide } from '../src/plan/decide.ts';
import { planAsText } from '../src/plan/plan-text.ts';
import { instantAt, systemClock } from '../src/values/instant.ts';
import { plain } from '../src/values/paint.ts';

const readme = readFileSync(resolve(import.meta.dirname, '..', 'README.md'), 'utf8');
const block = (begins: string): string => {
  const at = readme.indexOf(begins);
  assert.ok(at >= 0, `the README has no ${begins}`);
  return readme.slice(at + begins.length, readme.indexOf('\n```', at + begins.length)).trimStart();
};

/** What is planned for an estate where the servers hold nothing yet. */
async function planned(file: string): Promise<Readonly<{ plan: Plan; declared: number }>> {
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

it('the plan in the README is the plan of the estate in the README', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-readme-'));
  try {
    const file = join(folder, 'estate.yaml');
    writeFileSync(file, `${block('```yaml')}\n`);
    for (const [, secret = ''] of readme.matchAll(/file: (\w+\.token)/g))
      writeFileSync(join(folder, secret), 'a secret', { mode: 0o600 });
    const { plan } = await planned(file);
    // Where the secrets lie is part of a plan, and so of its digest; this folder has another name each time.
    const undigested = (text: string) => text.trimEnd().replace(/^Plan [0-9a-f]{12} /, 'Plan … ');
    assert.equal(undigested(block('$ holdfast plan')), undigested(planAsText(plan, plain)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const [example, refused] of [
  ['homelab/estate.yaml', []],
  // S1's file gives no password, and PVE makes no storage without one.
  ['s1/pbs-storage.yaml', ['storage-without-credentials']],
] as const)
  it(`examples/${example} is planned whole: each thing it declares is made, or refused with the line to add`, async () => {
    const { plan, declared } = await planned(resolve(import.meta.dirname, '..', 'examples', example));
    assert.ok(declared > 0);
    assert.equal(plan.steps.length + plan.refusals.length, declared);
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      refused,
    );
  });
