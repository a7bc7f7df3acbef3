// The first thing a stranger sees is true: the estate in the README is valid, and the plan below it is what Holdfast prints
// for it where the servers hold nothing yet.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { it } from 'node:test';
import { planAsText } from '../src/plan/plan-text.ts';
import { plain } from '../src/values/paint.ts';
import { plannedFromNothing, withoutDigest } from './planned-from-nothing.ts';

const readme = readFileSync(resolve(import.meta.dirname, '..', 'README.md'), 'utf8');
const block = (begins: string): string => {
  const at = readme.indexOf(begins);
  assert.ok(at >= 0, `the README has no ${begins}`);
  return readme.slice(at + begins.length, readme.indexOf('\n```', at + begins.length)).trimStart();
};

it('the plan in the README is the plan of the estate in the README', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-readme-'));
  try {
    const file = join(folder, 'estate.yaml');
    writeFileSync(file, `${block('```yaml')}\n`);
    for (const [, secret = ''] of readme.matchAll(/file: (\w+\.token)/g))
      writeFileSync(join(folder, secret), 'a secret', { mode: 0o600 });
    const { plan } = await plannedFromNothing(file);
    assert.equal(withoutDigest(block('$ holdfast plan')), withoutDigest(planAsText(plan, plain)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const [example, refused] of [
  ['homelab/estate.yaml', []],
  ['s0/estate.yaml', []],
  // S1's file gives no password, and PVE makes no storage without one.
  ['s1/pbs-storage.yaml', ['storage-without-credentials']],
] as const)
  it(`examples/${example} is planned whole: each thing it declares is made, or refused with the line to add`, async () => {
    const { plan, declared } = await plannedFromNothing(resolve(import.meta.dirname, '..', 'examples', example));
    assert.ok(declared > 0);
    assert.equal(plan.steps.length + plan.refusals.length, declared);
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      refused,
    );
  });
