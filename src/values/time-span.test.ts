import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seconds } from './duration.ts';
import { formatTimeSpan, parseTimeSpan } from './time-span.ts';
import vectors from './time-span.vectors.json' with { type: 'json' };

const spanOf = (text: string) => {
  const read = parseTimeSpan(text);
  assert.ok(typeof read === 'number', text);
  return read;
};
const problemOf = (text: string) => {
  const read = parseTimeSpan(text);
  assert.ok(typeof read !== 'number', `"${text}" was taken`);
  return read;
};

describe('time spans', () => {
  it('adds up whatever is written, in any order and unit', () => {
    for (const { text, seconds: wanted } of vectors.seconds) assert.equal(spanOf(text), wanted * 1000, text);
    assert.equal(spanOf('1ms 1us'), 1.001);
    assert.equal(spanOf('1ns'), 1e-6);
    assert.equal(spanOf('2µs'), spanOf('2usec'));
  });

  it('knows each unit by all its names, in this case only', () => {
    const names = new Set(vectors.units.flatMap((unit) => unit.names));
    for (const { names: same, seconds: one } of vectors.units)
      for (const name of same) {
        assert.ok(Math.abs(spanOf(`3${name}`) - 3000 * one) < 1e-9, name);
        assert.equal(spanOf(`3 ${name}`), spanOf(`3${name}`));
        const upper = name.toUpperCase();
        if (!names.has(upper)) problemOf(`3${upper}`);
      }
  });

  it('refuses what is no span, and points at it', () => {
    for (const text of vectors.invalid) problemOf(text);
    assert.deepEqual(problemOf('5d 3x'), {
      problem: '"x" is no unit of time; the units are y M w d h m s ms us ns',
      at: 4,
    });
    assert.deepEqual(problemOf('5d -3h'), { problem: 'expected a number', at: 2 });
    assert.deepEqual(problemOf(''), { problem: 'is empty', at: 0 });
  });

  it('tells minutes from months, and says so where another case is meant', () => {
    assert.equal(spanOf('1m'), 60_000);
    assert.equal(spanOf('1M'), 2_630_016_000);
    assert.match(problemOf('3H').problem, /"h" is; case counts/);
  });

  it('shows a span as Proxmox does', () => {
    for (const { text, shown } of vectors.shown) assert.equal(formatTimeSpan(spanOf(text)), shown, text);
    assert.equal(formatTimeSpan(spanOf('500ms')), '0.5s');
    assert.equal(formatTimeSpan(spanOf('1d2h3m')), '1d 2h 3m');
  });

  it('reads back every whole second it shows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (count) => {
        assert.equal(spanOf(formatTimeSpan(seconds(count))), count * 1000);
      }),
    );
  });
});
