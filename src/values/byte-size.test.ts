import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byteSizeProblem, formatByteSize, parseByteSize, sameByteSize, sizeOf } from './byte-size.ts';
import vectors from './byte-size.vectors.json' with { type: 'json' };

const byteSize = (text: string) => {
  const read = parseByteSize(text);
  assert.ok(read, text);
  return read;
};

describe('byte sizes', () => {
  it('keeps the unit that was written, and shows it as the server does', () => {
    for (const { text, shown, bytes } of vectors.shown) {
      assert.equal(formatByteSize(byteSize(text)), shown);
      assert.equal(sizeOf(byteSize(text)), bytes);
      assert.equal(byteSizeProblem(text), undefined);
    }
  });

  it('tells decimal from binary units, and a small k from nothing', () => {
    assert.equal(sizeOf(byteSize('1k')), 1000);
    assert.equal(sizeOf(byteSize('1ki')), 1024);
    assert.equal(sizeOf(byteSize('3 PiB')), 3 * 2 ** 50);
    assert.equal(sizeOf(byteSize('7')), 7);
  });

  it('takes every unit in either case, with or without its B, but the i of a binary one only in lower case', () => {
    for (const [power, letter] of ['K', 'M', 'G', 'T', 'P'].entries())
      for (const prefix of [letter, letter.toLowerCase()]) {
        for (const end of ['', 'b', 'B']) {
          assert.equal(sizeOf(byteSize(`1.5 ${prefix}${end}`)), 1.5 * 1000 ** (power + 1));
          assert.equal(sizeOf(byteSize(`1.5${prefix}i${end}`)), 1.5 * 1024 ** (power + 1));
          assert.equal(parseByteSize(`1.5${prefix}I${end}`), undefined);
        }
      }
    for (const text of ['3', '3b', '3 B']) assert.equal(formatByteSize(byteSize(text)), '3 B');
  });

  it('compares by value: the server may write the same size otherwise', () => {
    assert.ok(sameByteSize(byteSize('1024KiB'), byteSize('1 MiB')));
    assert.ok(!sameByteSize(byteSize('1MB'), byteSize('1MiB')));
  });

  it('refuses what is no size, and says why', () => {
    for (const text of vectors.invalid) {
      assert.equal(parseByteSize(text), undefined, text);
      assert.ok(byteSizeProblem(text), text);
    }
    assert.equal(byteSizeProblem('-10'), 'is negative');
  });
});
