import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readToolOutput } from './tool-output.ts';

describe('the output of a run’s tools', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-output-'));
  const file = join(folder, 'log');
  after(() => rmSync(folder, { recursive: true }));

  it('is all of it while it is short, whether or not its last line has ended', () => {
    writeFileSync(file, 'a: one\na: two\n');
    assert.deepEqual(readToolOutput(file), { file, lines: ['a: one', 'a: two'], cut: false });
    writeFileSync(file, 'a: one\na: tw');
    assert.deepEqual(readToolOutput(file)?.lines, ['a: one', 'a: tw']);
  });

  it('is the last hundred lines of a long one, and says that there are more', () => {
    writeFileSync(file, Array.from({ length: 101 }, (_, line) => `line ${line}\n`).join(''));
    const { lines = [], cut } = readToolOutput(file) ?? {};
    assert.deepEqual([lines.length, lines[0], lines.at(-1), cut], [100, 'line 1', 'line 100', true]);
  });

  it('is whole lines, however much was written before them', () => {
    writeFileSync(file, `${'x'.repeat(1_000_000)}\n${'y'.repeat(200_000)}\nlast\n`);
    assert.deepEqual(
      readToolOutput(file)?.lines.map((line) => line.slice(0, 4)),
      ['yyyy', 'last'],
    );
    assert.equal(readToolOutput(file)?.cut, true);
  });

  it('is none where nothing was written, or where it has gone by now', () =>
    assert.equal(readToolOutput(join(folder, 'gone')), undefined));
});
