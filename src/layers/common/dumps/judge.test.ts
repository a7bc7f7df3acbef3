// Dumps that look like damage, and those that only look busy.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Instant } from '../../../values/instant.ts';
import { judgeDumps, limitsOf } from './judge.ts';
import type { Taken } from './taken.ts';

const on = (day: number): Instant => new Date(Date.UTC(2026, 9, 1 + day)).toISOString() as Instant;

const item = (over: Partial<Taken> & { rows?: number; filled?: number } = {}): Taken => {
  const { rows = 1000, filled = 5, ...others } = over;
  return {
    ...{ name: 'shop', form: 'dump', part: 'd01.dump.zst', compress: 'zstd', bytes: 1_000_000, sha256: '0'.repeat(64) },
    counts: { rows, tables: 6, filled },
    schema: 'one',
    ...others,
  };
};

const point = (day: number, items: readonly Taken[]): RestorePoint => ({
  manifest: {
    ...{ format: 1, id: `p${day}`, layer: 'databases', kind: 'postgres', workload: 'apps' },
    ...{ takenAt: on(day), sealedAt: on(day), run: 'r', source: {}, counts: {}, parts: [], tools: {} },
    details: { items: items as unknown as RestorePoint['manifest']['details'][string], missing: [] },
  },
  ...{ machine: 'here', folder: '/p', bytes: 1, held: undefined },
});

function judged(now: readonly Taken[], earlier: readonly RestorePoint[], failed: readonly string[] = []) {
  const verdict = judgeDumps({ takenAt: on(30), items: now }, earlier.at(-1), earlier, failed, limitsOf());
  return verdict.verdict === 'suspicious' ? verdict.reasons.map(({ signal }) => signal) : [verdict.verdict];
}

describe('a dump', () => {
  it('is fine while a database grows, loses some rows, or changes its tables', () => {
    const before = [point(29, [item()])];
    for (const now of [item({ rows: 5000 }), item({ rows: 700 }), item({ schema: 'two' }), item({ filled: 4 })])
      assert.deepEqual(judged([now], before), ['fine']);
  });

  it('is suspicious when its rows went to zero, though it has every table (an owner had fourteen such dumps) (reality 2.29)', () => {
    assert.deepEqual(judged([item({ rows: 0, filled: 0, bytes: 900_000 })], [point(29, [item()])]), ['emptied']);
  });

  it('is suspicious when half of its tables are empty and had rows', () => {
    assert.deepEqual(judged([item({ filled: 2 })], [point(29, [item()])]), ['emptied']);
  });

  it('is suspicious when its rows, or its size, are halved', () => {
    assert.deepEqual(judged([item({ rows: 400 })], [point(29, [item()])]), ['shrunk']);
    assert.deepEqual(judged([item({ bytes: 400_000 })], [point(29, [item()])]), ['shrunk']);
  });

  it('is suspicious when a database with rows is gone, and not when it could not be dumped, or never had any', () => {
    const both = [point(29, [item(), item({ name: 'other' })])];
    assert.deepEqual(judged([item()], both), ['gone']);
    assert.deepEqual(judged([item()], both, ['other']), ['fine']);
    assert.deepEqual(judged([item()], [point(29, [item(), item({ name: 'other', rows: 0 })])]), ['fine']);
  });

  it('is suspicious when it used to change and is the same for a week (reality 6.26)', () => {
    const busy = Array.from({ length: 10 }, (_, day) => point(day + 10, [item({ rows: 2000 + day })]));
    const still = Array.from({ length: 10 }, (_, day) => point(day + 20, [item({ rows: 1009 })]));
    assert.deepEqual(judged([item({ rows: 1009 })], [...busy, ...still]), ['frozen']);
    assert.deepEqual(judged([item({ rows: 1010 })], [...busy, ...still]), ['fine']);
    assert.deepEqual(judged([item({ rows: 1009 })], [...busy, ...still.slice(-3)]), ['fine'], 'not for a weekend');
  });

  it('is fine when it never changes, or did once long ago: that is an archive', () => {
    const archive = Array.from({ length: 20 }, (_, day) => point(day + 10, [item()]));
    assert.deepEqual(judged([item()], archive), ['fine']);
    assert.deepEqual(judged([item()], [point(1, [item({ rows: 3 })]), ...archive]), ['fine']);
  });

  it('is suspicious when the last of what is vital goes, however little it was', () => {
    const few = (rows: number) => [item({ name: 'users', rows, filled: 0 }), item({ name: 'notes', rows, filled: 0 })];
    const verdictOn = (vital: readonly string[]) =>
      judgeDumps({ takenAt: on(30), items: few(0) }, point(29, few(2)), [], [], { ...limitsOf(), vital });
    assert.deepEqual(verdictOn(['users']), {
      verdict: 'suspicious',
      reasons: [{ signal: 'emptied', says: 'users has no rows, and had 2' }],
      paths: ['users'],
    });
    assert.equal(verdictOn([]).verdict, 'fine');
  });

  it('is not the same as before while its own digest differs, where its kind has one', () => {
    const points = (content: (day: number) => string) =>
      Array.from({ length: 20 }, (_, day) =>
        point(day + 10, [item({ rows: 2000 + Math.min(day, 9), content: content(day) })]),
      );
    assert.deepEqual(
      judged(
        [item({ rows: 2009, content: 'x' })],
        points(() => 'x'),
      ),
      ['frozen'],
    );
    assert.deepEqual(judged([item({ rows: 2009, content: 'y' })], points(String)), ['fine']);
  });

  it('is the same as before while its own digest is, though its size is another one: it begins with when it was made', () => {
    const points = Array.from({ length: 20 }, (_, day) =>
      point(day + 10, [item({ rows: 2000, bytes: 1_000_000 + day, content: String(Math.min(day, 9)) })]),
    );
    assert.deepEqual(judged([item({ rows: 2000, content: '9' })], points), ['frozen']);
    assert.deepEqual(judged([item({ rows: 2000, content: 'a' })], points), ['fine']);
  });

  it('is not compared by a digest that the points before did not have', () => {
    const points = Array.from({ length: 20 }, (_, day) => point(day + 10, [item({ rows: 2000 + Math.min(day, 9) })]));
    assert.deepEqual(judged([item({ rows: 2009, content: 'x' })], points), ['frozen']);
    assert.deepEqual(judged([item({ rows: 2009, bytes: 7, content: 'x' })], points), ['shrunk']);
    assert.deepEqual(judged([item({ rows: 2009, bytes: 1_000_001, content: 'x' })], points), ['fine']);
  });

  it('says nothing of the first one', () => {
    assert.deepEqual(judged([item()], []), ['not known']);
  });
});
