import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shortened, teller } from './teller.ts';

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

  it('fails where a command ends otherwise than it says, and where a claim does not hold', () => {
    const { type, demand } = teller('/', '/nowhere');
    assert.throws(() => type(['no-such-command']), /that ended with 64, and should with 0/);
    assert.throws(() => demand(false, 'this holds'), /not so: this holds/);
  });
});
