// Records as lines and back, and many of them as one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Instant } from '../values/instant.ts';
import type { Change, ChangeRecord } from './change-journal.ts';
import { bytesOf, lineOf, pathOfBytes, recordOf, textOf } from './change-record.ts';
import { collapsing } from './collapse-changes.ts';

const at = '2026-11-22T08:00:00.000Z' as Instant;
const path = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => pathOfBytes(bytes.map((byte) => byte || 1)));
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ what: fc.constantFrom('changed' as const, 'removed' as const), path, folder: fc.boolean() }),
  fc.record({ what: fc.constant('renamed' as const), path, to: path, folder: fc.boolean() }),
  fc.record({
    what: fc.constant('rescan' as const),
    path,
    why: fc.constant('overflow' as const),
    since: fc.constant(at),
  }),
);

describe('a record of the change journal', () => {
  it('comes back from its line byte for byte, whatever its names are', () => {
    fc.assert(
      fc.property(change, fc.nat(), (one, n) => {
        const record: ChangeRecord = { n, at, ...one };
        const line = lineOf(record);
        assert.equal(line.indexOf('\n'), line.length - 1, 'it is one line');
        assert.deepEqual(recordOf(Buffer.from(line.slice(0, -1))), record);
      }),
    );
  });

  it('is none where a single bit of it is another, or an end of it is missing', () => {
    const line = Buffer.from(lineOf({ n: 7, at, what: 'changed', path: 'a', folder: false }).trimEnd());
    for (let bit = 0; bit < line.length * 8; bit += 1) {
      const other = Buffer.from(line);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(recordOf(other), undefined, String(bit));
    }
    for (let length = 0; length < line.length; length += 1) assert.equal(recordOf(line.subarray(0, length)), undefined);
    assert.notEqual(recordOf(line), undefined, 'control');
  });

  it('has a text for people where its name has one', () => {
    assert.equal(textOf(pathOfBytes(Buffer.from('ü'))), 'ü');
    assert.equal(textOf('\xff'), undefined);
    assert.deepEqual([...bytesOf('\xff')], [255]);
  });
});

const changed = (name: string): Change => ({ what: 'changed', path: name, folder: false });
const renamed = (from: string, to: string): Change => ({ what: 'renamed', path: from, to, folder: true });
function collapsed(...changes: readonly Change[]) {
  const all = collapsing();
  for (const one of changes) all.add(one);
  const { touched, renamed: moves, rescans } = all.result();
  return {
    touched: touched.map((one) => one.path),
    moves: moves.map(({ from, to, now }) => `${from}>${to}>${now}`),
    rescans,
  };
}

describe('many changes', () => {
  it('name each place once, those above first', () => {
    assert.deepEqual(collapsed(changed('b/c'), changed('a'), changed('b'), changed('b/c')).touched, ['a', 'b', 'b/c']);
  });

  it('below a folder that moved are looked at below its old and its last name', () => {
    const { touched, moves, rescans } = collapsed(
      changed('a/x'),
      renamed('a', 'b'),
      changed('b/y'),
      renamed('b', 'c/d'),
    );
    for (const one of ['a', 'c/d', 'c/d/x', 'c/d/y']) assert.ok(touched.includes(one), one);
    assert.deepEqual(
      rescans.map((one) => one.path),
      ['b'],
      'a name in between: whatever is there came later',
    );
    assert.deepEqual(moves, ['a>b>c/d', 'b>c/d>c/d']);
  });

  it('under a name that only a later move gives are kept under it', () => {
    // Asked late, the kernel named z/y of then as a/y of now.
    const { touched } = collapsed(changed('a/y'), renamed('a', 'b'));
    assert.ok(touched.includes('a/y') && touched.includes('b/y'));
    const { rescans } = collapsed(changed('a/y'), renamed('a', 'b'), renamed('z', 'a'));
    assert.deepEqual(
      rescans.map((one) => one.path),
      ['a'],
      'another folder has that name by now',
    );
  });

  it('bring along what is to be looked through, and where a move of before is now', () => {
    const rescan: Change = { what: 'rescan', path: 'a/in', why: 'moved-in' };
    const { rescans, moves } = collapsed(rescan, renamed('a/x', 'a/y'), renamed('a', 'b'));
    assert.ok(rescans.some((one) => one.path === 'b/in'));
    assert.deepEqual(moves, ['a/x>a/y>b/y', 'a>b>b']);
  });

  it('within what is looked through whole are not named, and within what is looked through since a time are', () => {
    const whole = collapsed(changed('a/x'), { what: 'rescan', path: 'a', why: 'moved-in' }, changed('b'));
    assert.deepEqual(whole.touched, ['b']);
    const since = collapsed(changed('a/x'), { what: 'rescan', path: '', why: 'overflow', since: at });
    assert.deepEqual(since.touched, ['a/x']);
  });

  it('say to look through a folder that came where one was removed, whatever was told first', () => {
    const folder = (what: 'changed' | 'removed', name: string): Change => ({ what, path: name, folder: true });
    const why = (...changes: readonly Change[]) => collapsed(...changes).rescans.map((one) => `${one.path} ${one.why}`);
    assert.deepEqual(why(folder('removed', 'a'), folder('changed', 'a')), ['a replaced']);
    assert.deepEqual(why(folder('changed', 'a'), folder('removed', 'a')), ['a replaced']);
    assert.deepEqual(why(renamed('a', 'b'), folder('changed', 'a')), ['a replaced']);
    assert.deepEqual(why(folder('removed', 'a/x'), folder('changed', 'b/x'), renamed('a', 'b')), ['b/x replaced']);
    assert.deepEqual(why(folder('removed', 'a'), renamed('b', 'c'), folder('changed', 'd')), [], 'control');
  });

  it('say to look through a folder that moved, where a mirror may move another one of its name', () => {
    const folder = (what: 'changed' | 'removed', name: string): Change => ({ what, path: name, folder: true });
    const why = (...changes: readonly Change[]) => collapsed(...changes).rescans.map((one) => `${one.path} ${one.why}`);
    const anew = [folder('removed', 'b'), folder('changed', 'b')];
    assert.deepEqual(why(...anew, renamed('b', 'a')), ['a replaced', 'b replaced']);
    assert.deepEqual(why(...anew, folder('changed', 'b/x'), renamed('b/x', 'c')), ['b replaced', 'c replaced']);
    assert.deepEqual(why({ what: 'rescan', path: 'b', why: 'moved-in' }, renamed('b/x', 'c')), [
      'b moved-in',
      'c moved-in',
    ]);
    const same = why(folder('changed', 'b'), folder('changed', 'b/x'), renamed('b/x', 'c'));
    assert.ok(!same.some((one) => one.startsWith('c ')), 'control');
  });

  it('look from the older of two times, and at all where one says so', () => {
    const older = '2026-11-21T08:00:00.000Z' as Instant;
    const look = (since?: Instant): Change => ({
      what: 'rescan',
      path: '',
      why: 'started',
      ...(since ? { since } : {}),
    });
    assert.equal(collapsed(look(at), look(older), look(at)).rescans[0]?.since, older);
    assert.equal(collapsed(look(older), look(), look(at)).rescans[0]?.since, undefined);
  });

  it('too many to be carried along make the moved folder one to look through', () => {
    const many = Array.from({ length: 10_001 }, (_, nth) => changed(`a/${nth}`));
    assert.deepEqual(
      collapsed(...many, renamed('a', 'b')).rescans.map((one) => one.path),
      ['b'],
    );
    assert.deepEqual(collapsed(...many.slice(1), renamed('a', 'b')).rescans, [], 'control');
  });
});
