import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expires, expiry } from './expiry-field.ts';
import { canonicalDailyDuration, sameWords } from './set-field.ts';

describe('a part of a day', () => {
  for (const [written, text] of [
    ['8-12', '8:00-12:00'],
    ['08:05 - 12:20', '8:05-12:20'],
    ['sat,tue..thu,fri 8-12', 'tue..sat 8:00-12:00'],
    ['mon,tue,sun 0-6', 'mon,tue,sun 0:00-6:00'],
    ['mon..sun 8-12', '8:00-12:00'],
    ['12-8', '12-8'],
  ] as const)
    it(`written as ${written} is ${text}`, () => {
      assert.equal(canonicalDailyDuration(written), text);
      assert.equal(canonicalDailyDuration(text), text);
    });
});

it('words in another order, or twice, are the same words', () => {
  assert.equal(sameWords('warning, error,warning'), sameWords('error,warning'));
  assert.notEqual(sameWords('error'), sameWords('error,info'));
});

describe('the end of a login', () => {
  const field = expiry('expire');

  for (const [written, seconds, text] of [
    ['none', 0, 'none'],
    [0, 0, 'none'],
    ['2031-02-28', 1_930_003_200, '2031-02-28'],
    ['2031-02-28T00:00:00Z', 1_930_003_200, '2031-02-28'],
    ['2031-02-28T13:30:00+01:00', 1_930_048_200, '2031-02-28T12:30:00Z'],
  ] as const)
    it(`written as ${written} is ${seconds} on the server, and ${text} when it is read back`, () => {
      assert.deepEqual(field.to(written), { expire: seconds });
      assert.equal(field.from({ expire: seconds }), text);
      assert.equal(field.from({ expire: String(seconds) }), text);
    });

  it('that the server does not tell of is none; one after the year 9999 is kept as it is, and never becomes none', () => {
    assert.equal(field.from({}), 'none');
    for (const far of [253_402_300_799, 253_402_300_800, 8.64e12, 9e15]) {
      const written = field.from({ expire: far });
      assert.deepEqual(field.to(written), { expire: far });
      assert.equal(expires.safeParse(written).success, true, `import writes what an estate may say: ${written}`);
    }
    assert.throws(() => field.to('31.12.2027'), /31.12.2027/);
  });

  it('at the beginning of time is refused: the server would take it for none', () => {
    for (const wrong of ['1970-01-01', '1970-01-01T00:00:00Z', '1960-01-01'])
      assert.equal(expires.safeParse(wrong).success, false, wrong);
    assert.equal(expires.safeParse('1970-01-02').success, true);
  });

  it('is no day that its month does not have, and no word', () => {
    for (const wrong of ['2027-02-29', 'never', '31.12.2027', '2027-12', 1])
      assert.equal(expires.safeParse(wrong).success, false);
    for (const right of ['2028-02-29', 'none', 0, '2027-12-31T18:00:00Z'])
      assert.equal(expires.safeParse(right).success, true);
  });
});
