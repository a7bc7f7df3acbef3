// From the points alone: whether a suspicion stands, what it holds, and what ends it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { localMachine } from '../../../machines/local.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import { instantAt, systemClock } from '../../../values/instant.ts';
import { holdOf as heldNow } from '../points/points.ts';
import { decidePruning } from '../points/prune-decision.ts';
import { settleHolds } from './holding.ts';
import { type Judged, judgedAs, judgementDetail } from './record.ts';
import { holdOf, standingOf, staysHere, withHolds } from './standing.ts';

const day = 86_400_000;
function point(number: number, judged: Judged | undefined, folder = '/points'): RestorePoint {
  const takenAt = instantAt(Date.UTC(2026, 0, 1) + number * day);
  const details = judged === undefined ? {} : { judgement: judgementDetail(judged) };
  return {
    manifest: {
      ...{ format: 1, id: `day${number}`, layer: 'l', kind: 'files', workload: 'w', takenAt, sealedAt: takenAt },
      ...{ run: `run${number}` as RunId, source: { tree: 'a' }, counts: {}, parts: [], tools: {}, details },
    },
    ...{ machine: 'here', folder: join(folder, `day${number}`), bytes: 1, held: undefined },
  };
}
const fine = (against: number | null): Judged =>
  judgedAs({ verdict: 'fine' }, against === null ? undefined : `day${against}`, ['l']);
const bad = (against: number, signal: 'scrambled' | 'gone' = 'scrambled'): Judged =>
  judgedAs({ verdict: 'suspicious', reasons: [{ signal, says: 'a test' }], paths: ['a/b'] }, `day${against}`, ['l']);
const numberOf = (judged: Judged): string => (judged.verdict === 'suspicious' ? judged.suspicion : '');
const approving = (judged: Judged) => [
  { suspicion: numberOf(judged), reason: 'all photos were converted', owner: 'ann' },
];

const base = (points: readonly RestorePoint[], approved: ReturnType<typeof approving> = []) => {
  const { base: newest, suspicious } = standingOf(points, approved);
  return [newest?.manifest.id, suspicious.length];
};

describe('a suspicion', () => {
  it('stands as long as points are suspicious, and each is judged against the last one that was fine', () => {
    const points = [point(1, fine(null)), point(2, fine(1)), point(3, bad(2)), point(4, bad(2)), point(5, bad(2))];
    assert.deepEqual(base(points), ['day2', 3]);
    assert.deepEqual(base(points.slice(0, 2)), ['day2', 0], 'none stands where nothing is suspicious (control)');
    assert.match(holdOf(standingOf(points)) ?? '', /^suspicion [0-9a-f]{12} of day3/);
  });

  it('ends with a point that is fine against the one that is held, and with no other one', () => {
    const points = [point(1, fine(null)), point(2, bad(1))];
    assert.deepEqual(base([...points, point(3, fine(1))]), ['day3', 0]);
    assert.deepEqual(base([...points, point(3, fine(2))]), ['day1', 1]);
    assert.deepEqual(base([...points, point(3, undefined)]), ['day1', 1]);
    assert.deepEqual(base([...points, point(3, { verdict: 'not known', against: 'day1', because: 'x' })]), ['day1', 1]);
  });

  it('that is approved lets that change through, in all points that have it, and no other one', () => {
    const points = [point(1, fine(null)), point(2, bad(1)), point(3, bad(1))];
    assert.deepEqual(base(points, approving(bad(1))), ['day3', 0]);
    assert.deepEqual(base(points, approving(bad(1, 'gone'))), ['day1', 2]);
    assert.deepEqual(base([...points, point(4, bad(3))], approving(bad(1))), ['day3', 1], 'once');
  });

  it('keeps its points at home, and lets those that are fine leave', () => {
    const points = [point(1, fine(null)), point(2, bad(1))];
    const standing = standingOf(points);
    assert.deepEqual(
      points.map((one) => staysHere(one, standing) === undefined),
      [true, false],
    );
  });

  it('is judged against the last that is known to be fine, where the newest is not known', () => {
    const unknown: Judged = { verdict: 'not known', against: 'day1', because: 'no perl' };
    assert.deepEqual(base([point(1, fine(null)), point(2, unknown)]), ['day1', 0]);
    assert.deepEqual(base([point(2, unknown)]), ['day2', 0], 'where there is no other one, with that');
  });

  it('keeps the last good point through 90 days of a retention that would have removed it', () => {
    let points: readonly RestorePoint[] = [point(1, fine(null)), point(2, fine(1))];
    for (let number = 3; number < 93; number += 1) {
      points = [...points, point(number, bad(2))];
      const fresh = {
        id: `day${number + 1}`,
        takenAt: point(number + 1, undefined).manifest.takenAt,
        source: { tree: 'a' },
        run: 'r' as RunId,
      };
      const entry = { keep: { keep_last: 3 }, prune_at_most: 100 };
      const { remove } = decidePruning(entry, withHolds(points, standingOf(points)), fresh, 'UTC');
      const gone = new Set(remove.map(({ point: { manifest } }) => manifest.id));
      points = points.filter(({ manifest }) => !gone.has(manifest.id));
    }
    assert.deepEqual(points.map(({ manifest }) => manifest.id).slice(0, 2), ['day1', 'day2']);
    assert.ok(points.length < 8, 'retention went on among the others');
    const entry = { keep: { keep_last: 3 }, prune_at_most: 100 };
    const fresh = {
      id: 'x',
      takenAt: point(100, undefined).manifest.takenAt,
      source: { tree: 'a' },
      run: 'r' as RunId,
    };
    const without = decidePruning(entry, points, fresh, 'UTC').remove.map((one) => one.point.manifest.id);
    assert.ok(without.includes('day2'), 'without the holds it would be gone (control)');
  });

  it('is written to the points as a hold, and taken from them when it ends; a hold of somebody else stays', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-standing-'));
    try {
      const { files } = localMachine({ name: 'here', clock: systemClock });
      const read = async (points: readonly RestorePoint[]) =>
        Promise.all(points.map(async (one) => ({ ...one, held: await heldNow(files, one.folder) })));
      let points = [point(1, fine(null), folder), point(2, fine(1), folder), point(3, bad(2), folder)];
      for (const one of points) mkdirSync(one.folder);
      writeFileSync(join(folder, 'day1', 'HOLD'), 'court case');
      for (let twice = 0; twice < 2; twice += 1) {
        points = await read(points);
        await settleHolds(files, points, standingOf(points));
      }
      assert.equal(readFileSync(join(folder, 'day1', 'HOLD'), 'utf8'), 'court case');
      assert.match(readFileSync(join(folder, 'day2', 'HOLD'), 'utf8'), /^suspicion/);
      assert.ok(!existsSync(join(folder, 'day3', 'HOLD')));
      points = await read(points);
      await settleHolds(files, points, standingOf(points, approving(bad(2))));
      assert.ok(existsSync(join(folder, 'day1', 'HOLD')) && !existsSync(join(folder, 'day2', 'HOLD')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
