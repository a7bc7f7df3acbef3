// `holdfast canaries` as an operator types it, and what the next run of the layer says when somebody changes one.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { CanariesStatus } from '../../src/cli/answers.ts';
import { type Estate, estateIn } from './estate.test-support.ts';

const text = `estate: guarded
machines: [{ name: here, local: true }]
workloads: [{ name: letters }, { name: books }]
layers:
  - { name: letters, kind: files, machine: here, workload: letters, from: { folders: [{ folder: FOLDER/letters }] }, to: FOLDER/copies, keep: { keep_last: 5 }, protected: { reason: a test } }
  - { name: books, kind: sqlite, machine: here, workload: books, from: { folder: FOLDER/books }, to: FOLDER/copies, keep: { keep_last: 5 }, protected: { reason: a test } }
`;

function withLetters({ folder }: Estate): string {
  const letters = join(folder, 'letters');
  for (const name of ['2024', '2025/home']) {
    mkdirSync(join(letters, name), { recursive: true });
    for (const month of ['may', 'june']) writeFileSync(join(letters, name, `${month}.txt`), `a letter of ${month}\n`);
  }
  return letters;
}
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();

const unlessRoot = process.getuid?.() !== 0 && 'it needs root: owners are kept, and sources mounted apart';

describe('holdfast canaries', { skip: unlessRoot }, () => {
  it('plants what was shown, tells how they are, and a run is partly done when one was changed', async () => {
    using estate = estateIn(text, 'guarded');
    const letters = withLetters(estate);
    const before = filesIn(letters);
    const status = async () =>
      JSON.parse((await estate.type('--json', 'canaries', 'status', 'letters')).stdout) as CanariesStatus;
    assert.deepEqual((await status()).canaries, []);
    const shown = await estate.type('canaries', 'plant', 'letters', '--dry-run');
    assert.match(shown.stdout, /plant canaries in at most 16 folders below .*letters.*Nothing was done/s);
    assert.deepEqual(filesIn(letters), before);

    const planted = await estate.type('canaries', 'plant', 'letters', '--yes');
    assert.equal(planted.status, 0, planted.stderr);
    const { folder, canaries } = await status();
    assert.deepEqual([...before, ...canaries.map(({ path }) => join(letters, path))].toSorted(), filesIn(letters));
    assert.deepEqual([folder, canaries.length >= 6], [letters, true]);
    const again = await estate.type('canaries', 'plant', 'letters', '--yes');
    assert.deepEqual([again.status === 0, /were planted before/.test(again.stdout)], [false, true], again.stdout);

    for (const _ of [1, 2])
      assert.equal((await estate.type('run', 'letters')).status, 0, 'as they were planted (control)');
    const one = canaries[0]?.path ?? '';
    writeFileSync(join(letters, one), 'pay 3 bitcoin');
    const told = await estate.type('canaries', 'status', 'letters');
    assert.deepEqual([told.status, told.stdout.includes(`${one}: has another content`)], [1, true], told.stdout);
    const run = await estate.type('run', 'letters');
    assert.equal(run.status, 3, run.stdout);
    assert.match(`${run.stdout}${run.stderr}`, /the canary .* has another content/);
    const points = (await estate.type('points')).stdout;
    assert.match(points, /its content is suspicious \(canary; suspicion [0-9a-f]{12}\)/);
    assert.equal(points.match(/held: suspicion/g)?.length, 2);

    assert.equal(
      (await estate.type('canaries', 'remove', 'letters', '--yes')).status,
      3,
      'one is not as it was planted',
    );
    assert.deepEqual(filesIn(letters), [...before, join(letters, one)].toSorted());
    assert.deepEqual((await status()).canaries, []);
  });

  it('refuses a layer in whose source no document could lie, and one that is not there', async () => {
    using estate = estateIn(text, 'guarded');
    const wrong = await estate.type('canaries', 'plant', 'books');
    assert.deepEqual(
      [wrong.status, /canaries-mean-nothing|copies no folder/.test(wrong.stderr)],
      [64, true],
      wrong.stderr,
    );
    const unknown = await estate.type('canaries', 'status', 'nobody');
    assert.deepEqual(
      [unknown.status, /layers that copy a folder: letters/.test(unknown.stderr)],
      [64, true],
      unknown.stderr,
    );
  });
});
