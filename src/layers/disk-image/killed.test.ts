// A worker that is killed after any one of the things it does to the machine, and the recovery by another process: each
// place is tried in turn. (That the processes themselves die with their worker is proven in test/e2e/kill.test.ts.)
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { localMachine } from '../../machines/local.ts';
import type { RunId } from '../../model/run.ts';
import { systemClock } from '../../values/instant.ts';
import { type Begun, type Driven, recoverDriven, worldWith } from '../common/driver.test-support.ts';
import { Killed, lifeOf, mortalMachine, toNextPlace } from '../common/mortal.test-support.ts';
import { differences, everything, plain, sh } from '../common/trees.test-support.ts';
import { type Place, placeWith, unlessMounting } from './place.test-support.ts';

const here = localMachine({ name: 'here', clock: systemClock });

/** @returns how many calls it took in all, where it was not killed */
async function killAfter(
  calls: number,
  place: Place,
  begun: Begun[],
  work: (over: Pick<Driven, 'world' | 'began'>) => Promise<unknown>,
): Promise<number | undefined> {
  const { machine, count } = lifeOf(calls);
  const world = worldWith(systemClock, machine(here), 'run9' as RunId);
  try {
    await work({ world, began: (one) => void begun.push(one) });
  } catch (error) {
    if (count() < calls) throw error;
    return undefined;
  }
  assert.deepEqual(place.left(), []);
  return count();
}

const later = (place: Place): Driven => ({
  run: 'run9' as RunId,
  world: worldWith(),
  taken: join(place.folder, 'taken'),
});

describe('a worker that is killed at any place', { skip: unlessMounting }, () => {
  it('of a copy leaves no mount, loop device or partial point, and a point only where it was sealed', async () => {
    const place = placeWith(plain, { prune_at_most: 1, keep: { keep_last: 1 } });
    try {
      await place.protect('run1');
      let places = 0;
      for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.protect('run9', over));
        await recoverDriven(later(place), begun, begun.length);
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        const points = await place.points();
        assert.ok(points.length >= 1, `killed after ${places} calls: the last good point is there`);
        assert.deepEqual(await place.remarks(), [], `killed after ${places} calls: what is there is whole`);
        for (const { folder, manifest } of points)
          if (manifest.run === 'run9' && points.length > 1) rmSync(folder, { recursive: true });
      }
      assert.ok(places > 30, `${places} places were reached`);
    } finally {
      place.close();
    }
  });

  for (const there of [false, true])
    it(`of a restore leads back to ${there ? 'the empty folder' : 'no folder'}, or has all of it in place`, async () => {
      const place = placeWith(there ? plain : everything);
      try {
        await place.protect('run1');
        const [point] = await place.points();
        assert.ok(point !== undefined);
        let [places, done] = [0, 0];
        for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
          if (there) sh('mkdir -m 2751 back; chown 12:34 back', place.folder);
          const begun: Begun[] = [];
          whole = await killAfter(places, place, begun, (over) => place.restore('run9', point, over));
          await recoverDriven(later(place), begun, 2);
          assert.deepEqual(place.left(), [], `killed after ${places} calls`);
          if (existsSync(place.back) && readdirSync(place.back).length > 0) {
            place.inside((tree) => assert.equal(differences(tree, place.back, 'device'), '', `after ${places} calls`));
            done += 1;
          } else if (there)
            assert.equal(sh('stat -c "%a %u %g" back', place.folder), '2751 12 34\n', `after ${places} calls`);
          rmSync(place.back, { recursive: true, force: true });
        }
        assert.ok(places > 20 && done >= 1, `${places} places were reached, in ${done} of them all was in place`);
      } finally {
        place.close();
      }
    });

  it('in the middle of moving what was restored leads every name back, and touches no foreign one', async () => {
    const place = placeWith(everything);
    try {
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const work = join(place.back, '.holdfast-run9');
      let dead = false;
      const machine = mortalMachine(here, (name, args) => {
        if (dead) throw new Killed();
        if (name !== 'run' || !(args[0] as readonly string[]).includes('mv')) return;
        dead = true;
        sh(`mv "${work}/tree/one" "${work}/tree/folder" .; echo foreign > foreign`, place.back);
        throw new Killed();
      });
      const begun: Begun[] = [];
      const world = worldWith(systemClock, machine, 'run9' as RunId);
      await assert.rejects(place.restore('run9', point, { world, began: (one) => void begun.push(one) }));
      await assert.rejects(recoverDriven(later(place), begun, 2), /foreign/);
      assert.ok(existsSync(join(work, 'tree', 'one')), 'what was moved is back, and nothing is lost');
      rmSync(join(place.back, 'foreign'));
      await recoverDriven(later(place), begun, 2);
      assert.deepEqual(place.left(), []);
    } finally {
      place.close();
    }
  });
});
