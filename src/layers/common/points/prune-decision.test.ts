import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import type { Json } from '../../../values/canonical.ts';
import { milliseconds } from '../../../values/duration.ts';
import { type Instant, instantAt } from '../../../values/instant.ts';
import { decidePruning, type Fresh } from './prune-decision.ts';
import { remarkOnOthers } from './source.ts';

const day = 86_400_000;
const onDay = (number: number): Instant => instantAt(Date.UTC(2026, 0, 1) + number * day);

function point(number: number, more: { uuid?: string; held?: string; policy?: Json; up?: number } = {}): RestorePoint {
  const takenAt = onDay(number);
  return {
    manifest: {
      ...{ format: 1, id: `day${number}`, layer: 'photos', kind: 'disk-image', workload: 'photos', takenAt },
      ...{ sealedAt: takenAt, run: `run${number}` as RunId, source: { uuid: more.uuid ?? 'A' }, counts: {} },
      ...{ parts: [], tools: {}, details: detailsOf(more) },
    },
    ...{ machine: 'here', folder: `/copies/day${number}`, bytes: 1, held: more.held },
  };
}

const detailsOf = ({ policy, up }: { policy?: Json; up?: number }): Record<string, Json> => ({
  ...(policy === undefined ? {} : { policy }),
  ...(up === undefined ? {} : { since_boot: { boot: 'this', elapsed: up * day } }),
});
const fresh = (number: number): Fresh => ({
  ...{ id: 'fresh', takenAt: onDay(number), source: { uuid: 'A' }, run: 'fresh' as RunId },
});
const removed = (pruning: ReturnType<typeof decidePruning>) =>
  pruning.remove.map(({ point: { manifest } }) => manifest.id);
const keep = (last: number, at?: number) => ({
  keep: { keep_last: last },
  ...(at === undefined ? {} : { prune_at_most: at }),
});

describe('which restore points may go', () => {
  it('are those that no rule keeps, each with the reason (reality 1.2r, 2.17)', () => {
    const pruning = decidePruning(keep(2), [point(1), point(2)], fresh(3), 'UTC');
    assert.deepEqual(removed(pruning), ['day1']);
    assert.match(pruning.remove[0]?.because ?? '', /^removed: newer points have the places \(2 last\)/);
    assert.deepEqual(pruning.remarks, []);
  });

  it('counts the point that is about to be made among those that stay (reality 2.17)', () => {
    assert.deepEqual(removed(decidePruning(keep(3), [point(1), point(2)], fresh(3), 'UTC')), []);
  });

  it('are never one that is held (reality 6.21)', () => {
    assert.deepEqual(removed(decidePruning(keep(1), [point(1, { held: 'court case' })], fresh(3), 'UTC')), []);
  });

  it('are none of another file system, and that is said', () => {
    const others = [point(1, { uuid: 'B' })];
    assert.deepEqual(removed(decidePruning(keep(1), others, fresh(3), 'UTC')), []);
    const [remark] = remarkOnOthers(others, { uuid: 'A' }, 'another file system');
    assert.match(remark?.says ?? '', /1 point of this layer is of another file system/);
    assert.deepEqual(remarkOnOthers([point(1)], { uuid: 'A' }, 'another file system'), []);
  });

  it('are judged beside the points that the same run made of other sources at the same moment', () => {
    const beside = { ...point(3, { uuid: 'B' }) };
    const sameRun = { ...beside, manifest: { ...beside.manifest, run: 'fresh' as RunId } };
    assert.deepEqual(removed(decidePruning(keep(1), [point(1), sameRun], fresh(3), 'UTC')), ['day1']);
    assert.deepEqual(removed(decidePruning(keep(1), [point(1), beside], fresh(3), 'UTC')), [], 'another run (control)');
  });

  it('are none while the clock stands before the newest point, so that a stepped clock empties nothing', () => {
    const { remove, remarks } = decidePruning(keep(1), [point(1), point(9)], fresh(3), 'UTC');
    assert.deepEqual(remove, []);
    assert.match(remarks[0]?.says ?? '', /the clock says 2026-01-04.*day9 was taken at 2026-01-10/);
  });

  it('are none in the run after somebody set the clock ahead, and as ever where the machine was up as long as it says', () => {
    const points = [point(1, { up: 1 }), point(2, { up: 2 })];
    const at = (number: number, up: number, boot = 'this'): Fresh => ({
      ...fresh(number),
      sinceBoot: { boot, elapsed: milliseconds(up * day) },
    });
    const { remove, remarks } = decidePruning(keep(2), points, at(3650, 3), 'UTC');
    assert.deepEqual(remove, []);
    assert.match(remarks[0]?.says ?? '', /since the point day2 the clock went on by .*, and the machine by 1 ?d/);
    assert.deepEqual(removed(decidePruning(keep(2), points, at(3, 3), 'UTC')), ['day1']);
    assert.deepEqual(removed(decidePruning(keep(2), points, at(3, 0.1, 'the next'), 'UTC')), ['day1']);
  });

  it('are none where more would go than may in one run, and it is said how to allow it (reality 6.13)', () => {
    const points = [1, 2, 3].map((number) => point(number));
    const { remove, remarks } = decidePruning(keep(1), points, fresh(4), 'UTC');
    assert.deepEqual(remove, []);
    assert.match(remarks[0]?.says ?? '', /would remove 3 of 3 points at once, and 1 may go.*prune_at_most: 3/);
    assert.deepEqual(removed(decidePruning(keep(1, 3), points, fresh(4), 'UTC')), ['day1', 'day2', 'day3']);
  });

  it('are all that interrupted runs left over, where the policy is the one the newest point was sealed under', () => {
    const under = (policy: Json) => [1, 2, 3, 4].map((number) => point(number, { policy }));
    assert.deepEqual(removed(decidePruning(keep(2), under({ keep_last: 2 }), fresh(5), 'UTC')), [
      'day1',
      'day2',
      'day3',
    ]);
    assert.deepEqual(removed(decidePruning(keep(2), under({ keep_last: 1 }), fresh(5), 'UTC')), [
      'day1',
      'day2',
      'day3',
    ]);
    assert.deepEqual(removed(decidePruning(keep(2, 1), under({ keep_last: 2 }), fresh(5), 'UTC')), ['day1']);
  });

  it('are none after the policy was tightened by too much, in the next run either, until that is allowed', () => {
    const points = [1, 2, 3, 4].map((number) => point(number, { policy: { keep_last: 4 } }));
    const tightened = decidePruning(keep(1), points, fresh(5), 'UTC');
    assert.deepEqual([removed(tightened), tightened.policy], [[], { keep_last: 4 }]);
    const allowed = decidePruning(keep(1, 4), points, fresh(5), 'UTC');
    assert.deepEqual([removed(allowed).length, allowed.policy], [4, { keep_last: 1 }]);
  });

  it('may be a tenth of many, without being asked', () => {
    const points = Array.from({ length: 30 }, (_, number) => point(number));
    assert.equal(removed(decidePruning(keep(28), points, fresh(40), 'UTC')).length, 3);
    assert.equal(removed(decidePruning(keep(27), points, fresh(40), 'UTC')).length, 0);
  });
});
