import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { sectioned } from './sections.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast sections '));
after(() => rmSync(folder, { recursive: true, force: true }));

const shared = { name: 'shared.js', text: 'export let calls = 0; export const call = () => (calls += 1);' };

async function run(main: string, ...others: { name: string; text: string }[]) {
  const file = join(folder, 'bundle.cjs');
  writeFileSync(file, await sectioned([{ name: 'main.js', text: main }, shared, ...others], 'main.js', 160));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('a bundle of sections', () => {
  it('is one file whose parts see the same module, its values as they are now, and the modules of Node', async () => {
    const lazy = { name: 'lazy.js', text: "import { call } from './shared.js'; call(); export const done = true;" };
    const { stdout, stderr } = await run(
      `import { basename } from 'node:path'; import { call, calls } from './shared.js';
      call(); console.log(basename('/a/b'), calls);
      import('./lazy.js').then(({ done }) => console.log(done, calls));`,
      lazy,
    );
    assert.equal(stdout, 'b 1\ntrue 2\n', stderr);
  });

  it('runs nothing of a part that is not asked for, and its parts are strict', async () => {
    const text = "globalThis.ran = 'sleeps'; export const x = 1;";
    const { stdout, stderr } = await run(
      `try { undeclared = 1; } catch (error) { console.log(error.name); }
      console.log(globalThis.ran ?? 'nothing'); if (process.argv[9]) import('./sleeps.js');`,
      { name: 'sleeps.js', text },
    );
    assert.equal(stdout, 'ReferenceError\nnothing\n', stderr);
  });

  it('names the part and the function in a stack trace, and its own address in import.meta.url', async () => {
    const { status, stdout, stderr } = await run(
      `console.log(import.meta.url.split('/').pop()); function breaks() { throw new Error('here'); } breaks();`,
    );
    assert.notEqual(status, 0);
    assert.equal(stdout, 'bundle.cjs\n');
    assert.match(stderr, /at breaks \(.*bundle\.cjs\/main\.js:1:\d+\)/);
  });

  it('says which part is missing', async () => {
    const { stderr } = await run("import('./gone.js');");
    assert.match(stderr, /Cannot find module '\.\/gone\.js'/);
  });
});
