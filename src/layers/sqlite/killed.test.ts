// A worker that is killed after any one of the things it does to the machine, and the recovery by another process: each place is
// tried in turn, of a copy and of a restore.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunId } from '../../model/run.ts';
import { type Begun, type Driven, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter, toNextPlace } from '../common/mortal.test-support.ts';
import { ask, beside, database, unlessSqlite, withLog } from '../common/sqlite/databases.test-support.ts';
import { type Place, placeWith } from './place.test-support.ts';

const skip = unlessSqlite || (process.getuid?.() !== 0 && 'it needs root: owners are kept');

const later = (place: Place): Driven => ({
  run: 'run9' as RunId,
  world: place.world,
  taken: join(place.folder, 'taken'),
});

describe('a worker that is killed at any place', { skip, timeout: 900_000 }, () => {
  it('of a copy leaves nothing beside the databases, and a point only where it was sealed', async () => {
    const place = placeWith({ keep: { keep_last: 1 } });
    try {
      withLog(join(place.data, 'a.db'), 1, 20);
      await place.protect('run1');
      let places = 0;
      for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.protect('run9', over));
        await recoverDriven(later(place), begun, begun.length);
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        assert.deepEqual(beside(join(place.data, 'a.db')), ['-wal'], `killed after ${places} calls`);
        const points = await place.points();
        assert.ok(points.length >= 1, `killed after ${places} calls: the last good point is there`);
        assert.deepEqual(await place.remarks(), [], `killed after ${places} calls: what is there is whole`);
        for (const { folder, manifest } of points)
          if (manifest.run === 'run9' && points.length > 1) rmSync(folder, { recursive: true });
      }
      assert.ok(places > 20, `${places} places were reached`);
    } finally {
      place.close();
    }
  });

  for (const existed of [false, true])
    it(`of a restore leads back to ${existed ? 'the empty folder that was there' : 'no files'}, or has all of it in place`, async () => {
      const place = placeWith();
      const folderBefore = () => {
        rmSync(place.back, { recursive: true, force: true });
        if (!existed) return;
        mkdirSync(place.back);
        chmodSync(place.back, 0o2711);
        chownSync(place.back, 1234, 4321);
      };
      try {
        database(join(place.data, 'a.db'), 20);
        await place.protect('run1');
        const [point] = await place.points();
        assert.ok(point !== undefined);
        let [places, done] = [0, 0];
        for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
          folderBefore();
          const begun: Begun[] = [];
          whole = await killAfter(places, place, begun, (over) => place.restore('run9', point, over));
          const reached = begun.map(({ step, fate }) => `${step.id} ${fate}`).join(', ');
          // Before it was given back the work folder told how the target had been.
          const told = existsSync(join(place.back, '.holdfast-run9'));
          await recoverDriven(later(place), begun, 3);
          const isWhole = begun.length === 3 && begun.every(({ fate }) => fate === 'done');
          const when = `killed after ${places} calls: ${reached}`;
          assert.deepEqual(place.left(), [], when);
          if (isWhole) {
            done += 1;
            assert.equal(ask(join(place.back, 'a.db'), 'SELECT count(*) FROM notes'), '20', when);
          } else if (existsSync(place.back)) {
            assert.deepEqual(readdirSync(place.back), [], when);
            const { mode, uid, gid } = statSync(place.back);
            if (existed && told) assert.deepEqual([mode & 0o7777, uid, gid], [0o2711, 1234, 4321], when);
          } else assert.ok(!existed, when);
        }
        assert.ok(places > 20 && done >= 1, `${places} places were reached, ${done} were done`);
      } finally {
        place.close();
      }
    });
});
