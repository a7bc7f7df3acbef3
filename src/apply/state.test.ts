import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { estatesIn, stateFolder } from './state.ts';

it('estates are found by their state, whatever else lies beside it, and none where there is no folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-state-'));
  try {
    for (const folder of [
      stateFolder(root, 'home lab'),
      stateFolder(root, 'killed'),
      join(root, '%zz'),
      join(root, '.lanes'),
    ])
      mkdirSync(folder);
    for (const folder of [stateFolder(root, 'home lab'), join(root, '%zz')])
      writeFileSync(join(folder, 'journal.db'), '');
    assert.deepEqual(estatesIn(root), ['home lab']);
    assert.deepEqual(estatesIn(join(root, 'nowhere')), []);
    assert.deepEqual(estatesIn(join(root, '%zz', 'journal.db')), []);
  } finally {
    rmSync(root, { recursive: true });
  }
});
