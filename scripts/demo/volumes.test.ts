// The chapter of the demo that has the most moving parts, as it is shown: the lab, its host, the command line, an abort, a restore.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { parse } from 'yaml';
import { simulated } from './simulated.ts';
import { teller } from './teller.ts';
import { volumes } from './volumes.ts';

const unlessMade = ['/sbin', '/usr/sbin'].some((one) => existsSync(`${one}/mke2fs`)) ? false : 'needs e2fsprogs';

it('the demo protects volumes, loses one and brings it back, in rows that fit a terminal', {
  skip: unlessMade,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  const printed: string[] = [];
  t.mock.method(console, 'log', (text: string) => void printed.push(...text.split('\n')));
  const lab = await simulated(join(folder, 'lab'));
  try {
    await volumes(teller(lab.folder, join(folder, 'state')), lab);
    const promises = printed.filter((line) => line.startsWith('  ✓ ') && !/^ {2}✓ (?:check|scale|put)/.test(line));
    for (const promise of ['nine of ten, and which one is missing', 'the swap was undone', 'the logins are back'])
      assert.ok(promises.includes(`  ✓ ${promise}`), printed.join('\n'));
    const wide = printed.filter((line) => line.length > 104);
    assert.deepEqual(wide, []);
  } finally {
    await lab.stop();
  }
  try {
    const { machines } = parse(readFileSync(join(lab.folder, 'volumes.yaml'), 'utf8'));
    assert.deepEqual(machines, [{ name: 'tongariro', local: true, commands_in: [join(lab.folder, 'host', 'bin')] }]);
    const left = JSON.parse(readFileSync(join(lab.folder, 'host', 'lvm.json'), 'utf8')).volumes;
    const ours = left.filter(({ name }: { name: string }) => name.startsWith('hf_'));
    assert.equal(
      ours.length,
      9 + 10 + 1,
      'the points of two nights and the safety point, and nothing that an abort left',
    );
    assert.equal(readdirSync(join(lab.folder, 'host', 'volumes')).length, left.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
