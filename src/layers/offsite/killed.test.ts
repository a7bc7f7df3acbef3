// A worker that is killed after any one of the things it does to the machines at both ends, and the recovery by another process.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { startNas } from '../../machines/rsync-only.test-support.ts';
import type { RunId } from '../../model/run.ts';
import { type Begun, codesOf, type Driven, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter, toNextPlace } from '../common/mortal.test-support.ts';
import { differences, plain } from '../common/trees.test-support.ts';
import { type Place, placeWith } from './place.test-support.ts';

const rootless = process.getuid?.() !== 0 && 'it needs root: owners are kept';
const unserved = rootless || (!existsSync('/usr/bin/rrsync') && 'rrsync is not installed');

const later = (place: Place): Driven => ({
  run: 'run9' as RunId,
  world: place.world,
  taken: join(place.folder, 'taken'),
});

/** What counts as a copy holds what the point holds. */
const areWhole = (place: Place, folders: readonly string[]): void => {
  for (const folder of folders) {
    const point = join(place.points, 'trees', basename(folder).split('~')[0] ?? '');
    execFileSync('diff', ['-r', point, folder]);
  }
};

const inTrees = (place: Place) => {
  const folder = join(place.there, 'trees');
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe('a worker that is killed at any place', { skip: rootless, timeout: 900_000 }, () => {
  it('of sending leaves a copy only where it is whole, and nothing beside it', async () => {
    const place = placeWith();
    try {
      plain(place.tree);
      await place.take(1);
      let [places, sealed] = [0, 0];
      // Between the seal and the end there are few.
      for (let whole: number | undefined; whole === undefined; places += Math.min(toNextPlace, 4)) {
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.run('run9', over));
        await recoverDriven(later(place), begun, begun.length);
        const when = `killed after ${places} calls`;
        assert.deepEqual(place.left(), [], when);
        assert.deepEqual(await place.remarks(), [], when);
        const copies = await place.copies();
        assert.deepEqual(
          copies.map(({ manifest }) => manifest.id),
          inTrees(place),
          when,
        );
        areWhole(
          place,
          copies.map(({ folder }) => folder),
        );
        if (whole === undefined) sealed += copies.length;
        rmSync(join(place.there, 'trees'), { recursive: true, force: true });
      }
      assert.ok(places > 20, `${places} places were reached`);
      assert.ok(sealed >= 1, 'control: killed behind the seal, it is a copy');
    } finally {
      place.close();
    }
  });

  it('of a restore leads back to no folder, or has all of it in place', async () => {
    const place = placeWith();
    try {
      plain(place.tree);
      await place.take(1);
      await place.run('run1');
      const [copy] = await place.copies();
      assert.ok(copy !== undefined);
      let [places, done] = [0, 0];
      for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.restore('run9', copy, over));
        await recoverDriven(later(place), begun, 3);
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        if (existsSync(place.back) && readdirSync(place.back).length > 0) {
          done += 1;
          assert.equal(differences(place.tree, place.back), '', `killed after ${places} calls`);
        }
        rmSync(place.back, { recursive: true, force: true });
      }
      assert.ok(places > 20 && done >= 1, `${places} places were reached, ${done} were done`);
    } finally {
      place.close();
    }
  });
});

describe('a worker that is killed while it sends to a target that only adds', {
  skip: unserved,
  timeout: 900_000,
}, () => {
  it('leaves nothing that is not listed, no copy that is not whole, and the next run makes it', async () => {
    const nas = await startNas();
    const place = placeWith({ to: join(nas.root, 'in') }, { nas: nas.machine('nas') });
    try {
      mkdirSync(join(place.tree, 'folder'));
      for (const name of ['1', 'folder/2']) writeFileSync(join(place.tree, name), name);
      await place.take(1);
      let tried = 0;
      for (let calls = 1, whole: number | undefined; whole === undefined; calls += 2 * toNextPlace, tried += 1) {
        const begun: Begun[] = [];
        whole = await killAfter(calls, place, begun, (over) => place.run('run9', over));
        await recoverDriven(later(place), begun, begun.length);
        const when = `killed after ${calls} calls`;
        assert.deepEqual(place.left(), [], when);
        const [copies, remarks] = [await place.copies(), await place.remarks()];
        areWhole(
          place,
          copies.map(({ folder }) => folder),
        );
        assert.equal(copies.length + remarks.length, inTrees(place).length, when);
        if (copies.length === 0) {
          assert.deepEqual(codesOf(await place.run(`run1${tried}`)), [], when);
          assert.equal((await place.copies()).length, 1, when);
        }
        // Only its owner can.
        rmSync(join(place.there, 'trees'), { recursive: true, force: true });
      }
      assert.ok(tried > 3, `${tried} places were tried`);
    } finally {
      place.close();
      await nas.stop();
    }
  });
});
