// A worker that is killed after any one of the things it does to a machine, and the recovery by another process: each place is tried in
// turn. Whatever comes of it, nothing that was displaced is lost, and the next run carries the mirror to where the share is.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sweep } from '../../../test/sweep.test-support.ts';
import type { RunId } from '../../model/run.ts';
import { hours } from '../../values/duration.ts';
import { type Begun, type Driven, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter } from '../common/mortal.test-support.ts';
import { differences, sh } from '../common/trees.test-support.ts';
import { changed, type Place, placeWith, removed, renamed } from './place.test-support.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept, and the share is mounted without links';

const later = (place: Place, run: string): Driven => ({
  ...{ run: run as RunId, world: place.world, taken: join(place.folder, 'taken') },
});
/** Places are many, and each is a run or three. */
const stride = sweep ? 1 : 19;

describe('a worker that is killed at any place', { skip, timeout: 1_800_000 }, () => {
  it('of a run leaves the mirror as it was or as it is to be, and loses nothing that was displaced', async () => {
    let [places, sealed] = [0, 0];
    for (let [calls, whole] = [1, undefined as number | undefined]; whole === undefined; calls += stride, places += 1) {
      const place = placeWith({ budget: 50 });
      try {
        sh(
          'mkdir -p a/b c; for n in 1 2 3 4 5 6 7 8; do echo $n > a/b/$n; done; echo x > c/x; touch -d 2001-01-01 a c',
          place.share,
        );
        await place.protect('run1');
        sh(`cp -a share before`, place.folder);
        place.clock.move(hours(1));
        sh('rm a/b/1; echo other > a/b/2; mv c d; echo y > d/y; chmod 700 a', place.share);
        place.tell(removed('a/b/1'), changed('a/b/2'), renamed('c', 'd', true), changed('d/y'), changed('a', true));
        const begun: Begun[] = [];
        whole = await killAfter(calls, place, begun, (over) => place.protect('run2', over));
        await recoverDriven(later(place, 'run2'), begun, begun.length).catch((cause: unknown) => {
          throw new Error(`killed after ${calls} calls`, { cause });
        });
        assert.deepEqual(place.left(), [], `killed after ${calls} calls`);
        const points = await place.points();
        const now = points.length === 2 ? place.share : join(place.folder, 'before');
        if (points.length === 2) sealed += 1;
        assert.equal(differences(now, place.tree), '', `killed after ${calls} calls`);
        assert.deepEqual(await place.remarks(), [], `killed after ${calls} calls`);
        place.clock.move(hours(1));
        await place.protect('run3');
        assert.equal(differences(place.share, place.tree), '', `the run after, killed after ${calls} calls`);
        const [first] = await place.points();
        assert.ok(first !== undefined);
        await place.restore('back', first);
        assert.equal(differences(join(place.folder, 'before'), place.back), '', `killed after ${calls} calls`);
      } finally {
        place.close();
      }
    }
    assert.ok(places > 4 && sealed >= 1, `${places} places were tried, ${sealed} were sealed`);
  });

  it('without a recovery is led back by the next run', async () => {
    let tried = 0;
    for (const calls of sweep ? [30, 40, 50, 60, 70] : [40, 60]) {
      const place = placeWith({ budget: 50 });
      try {
        for (let n = 0; n < 10; n += 1) writeFileSync(join(place.share, `file${n}`), `${n}`);
        await place.protect('run1');
        place.clock.move(hours(1));
        rmSync(join(place.share, 'file3'));
        writeFileSync(join(place.share, 'file4'), 'other');
        place.tell(removed('file3'), changed('file4'));
        if ((await killAfter(calls, place, [], (over) => place.protect('run2', over))) === undefined) tried += 1;
        await place.protect('run3');
        assert.equal(differences(place.share, place.tree), '', `killed after ${calls} calls`);
        assert.deepEqual(place.left(), [], `killed after ${calls} calls`);
      } finally {
        place.close();
      }
    }
    assert.ok(tried > 0);
  });

  it('of a restore leads back to no folder, or has all of it in place', async () => {
    const place = placeWith({ budget: 50 });
    try {
      sh('mkdir a; for n in 1 2 3 4 5 6 7 8; do echo $n > a/$n; done', place.share);
      await place.protect('run1');
      sh('cp -a share before', place.folder);
      place.clock.move(hours(1));
      rmSync(join(place.share, 'a/1'));
      place.tell(removed('a/1'));
      await place.protect('run2');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      let [places, done] = [0, 0];
      for (
        let [calls, whole] = [1, undefined as number | undefined];
        whole === undefined;
        calls += stride, places += 1
      ) {
        const begun: Begun[] = [];
        whole = await killAfter(calls, place, begun, (over) => place.restore('back', point, over));
        await recoverDriven(later(place, 'back'), begun, 1);
        assert.deepEqual(place.left(), [], `killed after ${calls} calls`);
        const there = sh('test ! -e back || find back -mindepth 1 | head -1', place.folder);
        if (there !== '') {
          done += 1;
          assert.equal(differences(join(place.folder, 'before'), place.back), '', `killed after ${calls} calls`);
        }
        rmSync(place.back, { recursive: true, force: true });
        assert.equal(differences(place.share, place.tree), '');
      }
      assert.ok(places > 3 && done >= 1, `${places} places were tried, ${done} were done`);
    } finally {
      place.close();
    }
  });
});
