// The chapter of the demo with a real tracker: what it claims holds, and nothing goes on afterwards.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { share } from './share.ts';
import { teller } from './teller.ts';

it('the demo carries a share, stops for a night with ransomware, and brings every photo back', {
  skip: process.getuid?.() !== 0 && 'it needs root: owners are kept',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-share-'));
  const printed: string[] = [];
  t.mock.method(console, 'log', (text: string) => void printed.push(...text.split('\n')));
  try {
    await share(teller(folder, join(folder, 'state')), folder);
    assert.ok(printed.includes('  ✓ every photo is back'), printed.join('\n'));
    assert.deepEqual(
      printed.filter((line) => line.length > 200),
      [],
    );
    const running = execFileSync('ps', ['-e', '-o', 'args'], { encoding: 'utf8' });
    assert.ok(!running.includes(folder), 'the tracker is gone');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
