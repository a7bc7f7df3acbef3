// Content judgement at work in the layer: what is damaged is copied, told and never takes the place of what was good.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunId } from '../../model/run.ts';
import { instantAt, systemClock } from '../../values/instant.ts';
import { drive } from '../common/driver.test-support.ts';
import { plantedOf } from '../common/judgement/canaries/canaries.ts';
import { planPlanting } from '../common/judgement/canaries/plan.ts';
import { judgedIn } from '../common/judgement/record.ts';
import { type Place, placeWith, seen, unlessRoot } from './place.test-support.ts';

const sh = (script: string, ...args: string[]): string =>
  execFileSync('bash', ['-c', `set -e; ${script}`, 'bash', ...args]).toString();

const documents = 'cd "$1"; mkdir a b; for n in $(seq 25); do seq $n 900 >a/$n.txt; seq $n 700 >"b/$n x.csv"; done';
const encrypted = `cd "$1"; find . -type f | sort | head -30 | while read -r f; do head -c "$(stat -c %s "$f")" /dev/urandom >"$f"; done`;

const withPlace = async (
  work: (place: Place, next: () => void) => Promise<void>,
  more: Record<string, unknown> = {},
) => {
  let now = Date.parse('2026-03-01T03:00:00Z');
  const clock = { ...systemClock, now: () => instantAt(now), sinceBoot: () => undefined };
  const place = placeWith(more, clock);
  try {
    sh(documents, place.data);
    await work(place, () => {
      now += 86_400_000;
    });
  } finally {
    place.close();
  }
};

async function newest(place: Place) {
  const point = (await place.points()).at(-1);
  assert.ok(point !== undefined);
  const judged = judgedIn(point.manifest);
  assert.ok(judged !== undefined);
  return { point, judged };
}

const held = async (place: Place) => (await place.points()).filter((point) => point.held !== undefined);

describe('files that were encrypted', { skip: unlessRoot, timeout: 600_000 }, () => {
  it('leave the last good generation byte for byte through more nights than a retention of three has room for', () =>
    withPlace(
      async (place, next) => {
        for (const run of ['before1', 'before2', 'before3', 'before4', 'good']) {
          writeFileSync(join(place.data, 'a/log'), run);
          const { degraded, notes } = await place.protect(run);
          assert.deepEqual([degraded, notes], [[], []]);
          next();
        }
        assert.equal((await place.points()).length, 3, 'retention goes on where nothing is suspicious (control)');
        const good = seen(place.data);
        sh(encrypted, place.data);
        for (let day = 0; day < 8; day += 1) {
          writeFileSync(join(place.data, 'a/log'), `day ${day}`);
          const { degraded } = await place.protect(`day${day}`);
          assert.match(degraded.join(), /content is suspicious \(suspicion [0-9a-f]{12}\): 29 of 51 files/);
          next();
        }
        const points = await place.points();
        assert.ok(points.length < 8, `retention goes on among the others: ${points.length}`);
        const last = points.find(({ manifest }) => manifest.run === 'good');
        assert.ok(last !== undefined);
        assert.match(last.held ?? '', /^suspicion [0-9a-f]{12} of /);
        assert.deepEqual((await place.restore('back', last)).degraded, []);
        assert.equal(seen(place.back), good);
        assert.match(points.at(-1)?.how ?? '', /its content is suspicious \(scrambled; suspicion [0-9a-f]{12}\)/);
      },
      { keep: { keep_last: 3 }, prune_at_most: 5 },
    ));

  it('are told with names in the outcome and in what became of the item, whatever point the copy was linked to', () =>
    withPlace(async (place, next) => {
      await place.protect('run1');
      const { point } = await newest(place);
      sh(encrypted, place.data);
      for (const run of ['run2', 'run3']) {
        next();
        const { degraded, results } = await place.protect(run);
        assert.match(degraded.join(), /\/data: its content is suspicious .* a\/\d+\.txt/);
        assert.match(JSON.stringify(results), /"done":false,"bytes":\d+,"says":"[^"]*its content is suspicious/);
        const { judged } = await newest(place);
        assert.deepEqual([judged.verdict, judged.against], ['suspicious', point.manifest.id]);
      }
    }));

  it('and are as before again end the suspicion, and what was held for it is free', () =>
    withPlace(async (place, next) => {
      await place.protect('run1');
      sh('cp -a "$1" "$2"', place.data, join(place.folder, 'kept'));
      sh(encrypted, place.data);
      next();
      await place.protect('run2');
      assert.equal((await held(place)).length, 1);
      sh('rm -r "$1"; cp -a "$2" "$1"', place.data, join(place.folder, 'kept'));
      next();
      assert.deepEqual((await place.protect('run3')).degraded, []);
      assert.equal((await newest(place)).judged.verdict, 'fine');
      assert.deepEqual(await held(place), []);
    }));

  it('are let through once where that was approved, by its number and no other one', () =>
    withPlace(async (place, next) => {
      await place.protect('run1');
      sh(encrypted, place.data);
      next();
      await place.protect('run2');
      const { judged } = await newest(place);
      assert.ok(judged.verdict === 'suspicious');
      const approval = (suspicion: string) => ({
        suspicious_approved: [{ suspicion, reason: 'all were encrypted by us', owner: 'ann' }],
      });
      next();
      assert.equal((await place.protect('run3', {}, approval('000000000000'))).degraded.length, 1, 'a control');
      assert.equal((await held(place)).length, 1);
      next();
      assert.deepEqual((await place.protect('run4', {}, approval(judged.suspicion))).degraded, []);
      assert.deepEqual(await held(place), []);
      sh('cd "$1"; for f in a/* b/*; do head -c 9 /dev/zero >"$f"; done', place.data);
      next();
      assert.equal((await place.protect('run5', {}, approval(judged.suspicion))).degraded.length, 1);
    }));

  it('hold no point of another source', () =>
    withPlace(async (place, next) => {
      const other = join(place.folder, 'other');
      sh('mkdir "$1"; seq 9 >"$1/x"', other);
      const from = { folders: [{ folder: place.data }, { folder: other }] };
      await place.protect('run1', {}, { from });
      sh(encrypted, place.data);
      next();
      await place.protect('run2', {}, { from });
      const workloads = (await held(place)).map(({ manifest }) => manifest.source['folder']);
      assert.deepEqual(workloads, [place.data]);
    }));
});

describe('a busy day', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('is none of damage: a folder that moved, links that went while others stay, a folder that is left out from now on', () =>
    withPlace(async (place, next) => {
      sh(
        `cd "$1"; mkdir vault; for n in $(seq 60); do head -c 3000 /dev/urandom >vault/$n; done
        for d in 1 2 3; do cp -al a daily.$d; cp -al vault daily.$d/vault; done; mkdir cache; for n in $(seq 400); do head -c 9999 /dev/zero >cache/$n; done`,
        place.data,
      );
      await place.protect('run1');
      sh('cd "$1"; mv vault safe; rm -r daily.1 a; printf x >>"b/1 x.csv"', place.data);
      next();
      const exclude = [{ path: 'cache', reason: 'made anew', owner: 'ann', review_by: '2999-01-01' }];
      const { degraded, notes } = await place.protect('run2', {}, { exclude });
      assert.deepEqual([degraded, notes], [[], []]);
      assert.equal((await newest(place)).judged.verdict, 'fine');
      sh('cd "$1"; for f in safe/* b/*; do rm "$f"; done; rm -r daily.*', place.data);
      next();
      const after = await place.protect('run3', {}, { exclude });
      assert.match(after.degraded.join(), /all together are|there is|there are/, 'what is gone is seen (control)');
    }));
});

describe('what cannot be judged', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('is said, but of the first generation', () =>
    withPlace(async (place, next) => {
      const first = await place.protect('run1');
      assert.deepEqual([first.degraded, first.notes], [[], []]);
      const { point, judged } = await newest(place);
      assert.equal(judged.verdict, 'not known');
      const damaged = join(point.folder, 'digests.gz');
      writeFileSync(damaged, 'x'.repeat(readFileSync(damaged).length));
      next();
      const second = await place.protect('run2');
      assert.match(second.notes.map(({ says }) => says).join('\n'), /whether its content was damaged is not known/);
    }));

  it('is said where the point that a suspicion holds was damaged, and the suspicion stands', () =>
    withPlace(async (place, next) => {
      await place.protect('run1');
      const { point } = await newest(place);
      sh(encrypted, place.data);
      for (const run of ['run2', 'run3', 'run4']) {
        next();
        await place.protect(run);
      }
      const damaged = join(point.folder, 'scan.gz');
      sh(
        'cp "$1" "$1.new"; printf X | dd of="$1.new" bs=1 seek=40 conv=notrunc status=none; mv "$1.new" "$1"',
        damaged,
      );
      next();
      const out = await place.protect('run5');
      assert.match(out.notes.map(({ says }) => says).join('\n'), /the listing of .*, with which it was to be compared/);
      assert.match(out.degraded.join(), /its content is suspicious/);
      assert.ok(existsSync(join(point.folder, 'HOLD')));
    }));
});

describe('canaries of the layer', { skip: unlessRoot, timeout: 120_000 }, () => {
  const planted = async (place: Place): Promise<readonly string[]> => {
    const { steps } = planPlanting({ layer: 'files', machine: 'here', folder: place.data }, undefined);
    await drive({ run: 'plant' as RunId, world: place.world, taken: place.folder }, steps, 'keep');
    return plantedOf(place.world, 'files')?.paths ?? [];
  };

  it('make the run suspicious at once when one of them is changed, whatever the shares', () =>
    withPlace(async (place, next) => {
      await place.protect('run1');
      const [one = '', two = ''] = await planted(place);
      next();
      assert.deepEqual((await place.protect('run2')).degraded, [], 'as they were planted (control)');
      writeFileSync(join(place.data, one), 'locked');
      next();
      const { degraded } = await place.protect('run3');
      assert.match(degraded.join(), new RegExp(`the canary ${one} has another content`));
      assert.equal((await held(place)).length, 2);
      sh('rm "$1"', join(place.data, two));
      next();
      assert.match((await place.protect('run4')).degraded.join(), new RegExp(`the canary ${two} is gone`));
    }));

  it('say nothing where they lie in what is left out', () =>
    withPlace(async (place, next) => {
      await planted(place);
      const exclude = ['a', 'b'].map((path) => ({ path, reason: 'x', owner: 'ann', review_by: '2999-01-01' }));
      for (const run of ['run1', 'run2']) {
        assert.deepEqual((await place.protect(run, {}, { exclude })).degraded, []);
        next();
      }
    }));
});
