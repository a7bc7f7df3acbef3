import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { behind, withoutEnd } from './marked.ts';

/** Every way to cut it into two pieces, and byte by byte. */
function cuts(whole: string): readonly (readonly string[])[] {
  const twos = Array.from({ length: whole.length }, (_, at) => [whole.slice(0, at), whole.slice(at)]);
  return [...twos, whole.split('')];
}

describe('the output of a command', () => {
  it('is what comes behind its first mark, wherever the pieces are cut', async () => {
    for (const pieces of cuts('welcome\n<<begins>>out<<begins>>')) {
      const heard: string[] = [];
      const stream = behind(
        '<<begins>>',
        () => heard.push('begun'),
        (said) => heard.push(said),
      );
      for (const piece of pieces) stream.write(piece);
      stream.end();
      assert.equal(await text(stream), 'out<<begins>>');
      assert.deepEqual([heard.slice(0, -1).join(''), heard.at(-1)], ['welcome\n', 'begun']);
    }
  });

  it('is all before and behind its last mark, wherever the pieces are cut', async () => {
    for (const pieces of cuts('some <<en errors<<ends>>17\nfrom the background')) {
      let how = '';
      const stream = withoutEnd('<<ends>>', (said) => {
        how = said;
      });
      for (const piece of pieces) stream.write(piece);
      stream.end();
      assert.deepEqual([await text(stream), how], ['some <<en errorsfrom the background', '17']);
    }
  });

  it('is given on at once, but for what may be the beginning of a mark', () => {
    const stream = withoutEnd('<<ends>>', () => {});
    stream.write('a question? <<e');
    assert.equal(String(stream.read()), 'a question? ');
    stream.end();
    assert.equal(String(stream.read()), '<<e');
  });

  it('is whole where no mark ever comes', async () => {
    const stream = withoutEnd('<<ends>>', () => assert.fail('it has not ended'));
    stream.end('half <<ends>>1');
    assert.equal(await text(stream), 'half <<ends>>1');
  });
});
