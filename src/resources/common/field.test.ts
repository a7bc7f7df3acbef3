import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatByteSize, parseByteSize } from '../../values/byte-size.ts';
import { canonicalSize, size } from './field.ts';

/** As a PBS gives a size back: in the unit it was given, with three decimals at the most (facts: calendar E). */
const shownByServer = (sent: string): string => {
  const read = parseByteSize(sent);
  assert.ok(read !== undefined, `${sent} is a size`);
  return formatByteSize(read);
};

describe('a size or a rate', () => {
  const field = size('rate-in');
  for (const written of [
    '8.2 MB',
    '1.005 KB',
    '1.1 GB',
    '1.1GiB',
    '14.4567',
    '1.23456789 GiB',
    '0.6 B',
    '4.5019997520527371 TB',
    '9876.5432 TiB',
    '0',
    '4gib',
  ])
    it(`written as ${written} reads back as it was sent, so that a second apply has nothing to do`, () => {
      const declared = field.from(field.to(canonicalSize(written)));
      const { 'rate-in': sent } = field.to(declared);
      assert.equal(field.from({ 'rate-in': shownByServer(String(sent)) }), declared);
    });

  it('is the same in whatever unit it is written, and another where it is another', () => {
    assert.equal(canonicalSize('8.2 MB'), canonicalSize('8200 KB'));
    assert.equal(canonicalSize('1024 KiB'), canonicalSize('1MiB'));
    assert.notEqual(canonicalSize('8.2 MB'), canonicalSize('8.2 MiB'));
  });
});
