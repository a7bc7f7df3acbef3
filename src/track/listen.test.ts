// The listener's words, however the pipe cuts them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heardIn } from './listen.ts';

const said = Buffer.from('C\0a\nb\x000\0R\0old\0new\x001\0O\0D\0\xff\x001\0T\x001795334524\x005\0', 'latin1');

describe('what the listener says', () => {
  it('is the same wherever it is cut', () => {
    const whole = heardIn(said).heard;
    assert.deepEqual(
      whole.map(({ what }) => what),
      ['changed', 'renamed', 'lost', 'removed', 'complete'],
    );
    assert.deepEqual(whole[3], { what: 'removed', path: '\xff', folder: true });
    for (let cut = 0; cut <= said.length; cut += 1) {
      const first = heardIn(said.subarray(0, cut));
      const second = heardIn(Buffer.concat([first.left, said.subarray(cut)]));
      assert.deepEqual([...first.heard, ...second.heard], whole, `cut at ${cut}`);
      assert.equal(second.left.length, 0);
    }
  });

  it('is a defect where nobody understands it, and never left out', () => {
    assert.throws(() => heardIn(Buffer.from('X\0a\0')), /nobody understands/);
  });
});
