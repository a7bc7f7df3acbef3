import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { removeOldLogs } from './old-logs.ts';

it('the output of old runs goes; that of the newest, of unfinished ones, and whatever was left mounted stays', () => {
  const state = mkdtempSync(join(tmpdir(), 'holdfast-logs-'));
  try {
    removeOldLogs(state, [], 2);
    for (const run of [
      '20260101T000000-a',
      '20260102T000000-b',
      '20260103T000000-c',
      '20260104T000000-d',
      '20260105T000000-e',
    ]) {
      mkdirSync(join(state, 'runs', run), { recursive: true });
      writeFileSync(join(state, 'runs', run, 'log'), 'words');
    }
    writeFileSync(join(state, 'runs', '0-somebody-elses'), 'no folder');
    mkdirSync(join(state, 'runs', '20260103T000000-c', 'taken', 'mnt-photos'), { recursive: true });
    removeOldLogs(state, ['20260102T000000-b'], 2);
    const left = readdirSync(join(state, 'runs'))
      .sort()
      .filter((name) => name !== '0-somebody-elses');
    assert.deepEqual(left, ['20260102T000000-b', '20260103T000000-c', '20260104T000000-d', '20260105T000000-e']);
    assert.deepEqual(readdirSync(join(state, 'runs', '20260102T000000-b')), ['log']);
    assert.deepEqual(readdirSync(join(state, 'runs', '20260103T000000-c')), ['taken']);
  } finally {
    rmSync(state, { recursive: true });
  }
});
