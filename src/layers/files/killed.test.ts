// A worker that is killed after any one of the things it does to the machine, or in the middle of the copy, and the recovery by another process.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunId } from '../../model/run.ts';
import { type Begun, type Driven, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter, toNextPlace } from '../common/mortal.test-support.ts';
import { type Place, placeWith, seen, unlessRoot } from './place.test-support.ts';

const later = (place: Place): Driven => ({
  run: 'run9' as RunId,
  world: place.world,
  taken: join(place.folder, 'taken'),
});

function fill(place: Place): void {
  mkdirSync(join(place.data, 'folder'));
  for (const name of ['1', '2', 'folder/3']) writeFileSync(join(place.data, name), name);
}

describe('a worker that is killed at any place', { skip: unlessRoot, timeout: 600_000 }, () => {
  it('of a copy leaves a point only where it was sealed, and the last good one as it was (reality 1.2m)', async () => {
    const outer = placeWith();
    const weeks = join(outer.folder, 'weeks');
    const place = placeWith({ keep: { keep_last: 1 }, week_links: weeks });
    try {
      fill(place);
      await place.protect('run1');
      let places = 0;
      for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
        writeFileSync(join(place.data, '2'), `changed ${places}`);
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.protect('run9', over));
        await recoverDriven(later(place), begun, begun.length);
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        assert.deepEqual(await place.remarks(), [], `killed after ${places} calls: what is there is whole`);
        const points = await place.points();
        assert.ok(points.length >= 1, `killed after ${places} calls: the last good point is there`);
        for (const { folder, manifest } of points) {
          if (manifest.run === 'run9') assert.equal(seen(join(folder, 'tree')), seen(place.data));
          if (manifest.run === 'run9' && points.length > 1) rmSync(folder, { recursive: true });
        }
        if (points.every(({ manifest }) => manifest.run === 'run9') && whole === undefined) {
          for (const { folder } of points) rmSync(folder, { recursive: true });
          await place.protect('run1');
        }
      }
      assert.ok(places > 20, `${places} places were reached`);
      assert.equal(readdirSync(weeks).length, 1);
    } finally {
      place.close();
      outer.close();
    }
  });

  it('of a restore leads back to no folder, or has all of it in place', async () => {
    const place = placeWith();
    try {
      fill(place);
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      let [places, done] = [0, 0];
      for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.restore('run9', point, over));
        await recoverDriven(later(place), begun, 2);
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        if (existsSync(place.back) && readdirSync(place.back).length > 0) {
          done += 1;
          assert.equal(seen(place.back), seen(place.data));
        }
        rmSync(place.back, { recursive: true, force: true });
      }
      assert.ok(places > 20 && done >= 1, `${places} places were reached, ${done} were done`);
    } finally {
      place.close();
    }
  });

  it('in the middle of a copy leaves no mount, no process and no half point', async () => {
    const place = placeWith();
    try {
      execFileSync('bash', [
        '-c',
        'cd "$1"; for n in $(seq 20); do head -c 20M /dev/urandom >$n; done',
        'bash',
        place.data,
      ]);
      const [begun, stopping]: [Begun[], AbortController] = [[], new AbortController()];
      const run = place.protect('run9', { began: (one) => void begun.push(one), signal: stopping.signal });
      const over = assert.rejects(run);
      const partial = join(place.copies, 'files');
      for (;;) {
        const names = existsSync(partial) ? readdirSync(partial) : [];
        if (names.some((name) => existsSync(join(partial, name, 'tree', '3')))) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      stopping.abort(new Error('killed'));
      await over;
      await recoverDriven(later(place), begun, begun.length);
      assert.deepEqual([place.left(), await place.points()], [[], []]);
      const mounts = execFileSync('sh', [
        '-c',
        'cat /proc/[0-9]*/mountinfo 2>/dev/null | grep -c "$1" || true',
        'sh',
        place.folder,
      ]);
      assert.equal(mounts.toString().trim(), '0');
      assert.deepEqual((await place.protect('run10')).failed, {});
    } finally {
      place.close();
    }
  });
});
