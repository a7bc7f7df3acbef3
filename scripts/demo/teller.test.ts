import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folded, shortened, teller } from './teller.ts';

const answer = ['Plan 1', '', '  + one', '  + two', '  note  same', '  note  same', '2 to create'].join('\n');

describe('the demo', () => {
  it('says how many lines it leaves out, and counts no empty ones', () => {
    assert.deepEqual(shortened(answer, { only: [/^ {2}\+ /] }), { lines: ['  + one', '  + two'], left: 4 });
    assert.equal(shortened(answer, {}).left, 0);
  });

  it('shows the first of many that are alike, in its place', () => {
    const { lines, left } = shortened(answer, { only: [/^2 to/, /one/], first: [/note/] });
    assert.deepEqual(lines, ['  + one', '  note  same', '2 to create']);
    assert.equal(left, 3);
  });

  it('fails where a line it promises is not there', () => {
    assert.throws(() => shortened(answer, { only: [/one/, /three/] }), /no line of the answer fits \/three\//);
    assert.throws(() => shortened(answer, { only: [], first: [/three/] }), /three/);
  });

  it('folds a line that is wider than a terminal, further in, and leaves tables and short lines alone', () => {
    const long = `    ✓ put the copy in the place of pve/vm-9999-pvc-3f6c1f7e-52a4-4d0e-9a53-0c2f3f8f9b11, by two renames: led back`;
    const lines = folded(long).split('\n');
    assert.ok(lines.length === 2 && lines.every((line) => line.length <= 100), folded(long));
    assert.equal(folded(long).replaceAll(/\s+/g, ' '), long.replaceAll(/\s+/g, ' '));
    assert.match(lines[1] ?? '', /^ {8}\S/);
    for (const same of ['  short', `  │ ${'x '.repeat(90)}│`]) assert.equal(folded(same), same);
  });

  it('sends Ctrl-C to a command when it has said what is waited for, and shows how it ended', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-teller-'));
    try {
      const { typeAndStop } = teller(folder, join(folder, 'state'));
      // A lab says that it is up on standard error, and ends well when it is told to stop.
      const said = await typeAndStop(['lab', '--small', '--dir', 'lab'], { at: /The lab is up/, only: [/^stopping/] });
      assert.match(said, /The lab is up[\s\S]*stopping \(SIGINT\)[\s\S]*The lab is down/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('fails where a command ends otherwise than it says, and where a claim does not hold', () => {
    const { type, demand } = teller('/', '/nowhere');
    assert.throws(() => type(['no-such-command']), /that ended with 64, and should with 0/);
    assert.throws(() => demand(false, 'this holds'), /not so: this holds/);
  });
});
