// What a run takes out of the mirror: within the budget, or approved, and kept beside it as long as declared.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { days } from '../../values/duration.ts';
import { differences, sh } from '../common/trees.test-support.ts';
import { faultOf, files, skip, treeOf, within } from './fire.test-support.ts';
import { changed, type Place, removed } from './place.test-support.ts';

describe('a run above the budget', { skip, timeout: 300_000 }, () => {
  it('stops with a list, displaces nothing, and goes on once when its list was approved', () =>
    within(async (place) => {
      files(place, 20);
      await place.protect('run1');
      for (let n = 0; n < 12; n += 1) {
        rmSync(join(place.share, `file${n}`));
        place.tell(removed(`file${n}`));
      }
      const stopped = await faultOf(place.protect('run2'));
      assert.equal(stopped.code, 'mirror-over-budget');
      assert.match(stopped.says, /of 20 files in the mirror, 12 would be removed and 0 overwritten, and 2 may be/);
      assert.equal(readdirSync(place.tree).length, 20);
      assert.equal((await place.points()).length, 1);
      const [digest = ''] = readdirSync(join(place.root, '.stopped'));
      assert.match(stopped.remedy, new RegExp(digest.slice(0, 12)));
      writeFileSync(join(place.share, 'file15'), 'one more, within the budget');
      place.tell(changed('file15'));
      const approved = [{ displaced: digest.slice(0, 12), reason: 'moved to the archive', owner: 'ana' }];
      const agreed = placeAgreeing(place, approved);
      await agreed('run3');
      assert.equal(differences(place.share, place.tree), '');
      assert.equal(readdirSync(join(place.root, '.kept/run3')).length, 13);
      files(place, 12);
      place.tell(...Array.from({ length: 12 }, (_, n) => changed(`file${n}`)));
      await agreed('run4');
      for (let n = 0; n < 12; n += 1) {
        rmSync(join(place.share, `file${n}`));
        place.tell(removed(`file${n}`));
      }
      assert.equal((await faultOf(agreed('run5'))).code, 'mirror-over-budget', 'an approval is used once');
    }));

  it('stops for files that were overwritten in place, and after 90 days the last good generation is there byte for byte', () =>
    within(
      async (place) => {
        files(place, 50);
        await place.protect('run1');
        const good = treeOf(place.tree);
        for (let n = 0; n < 30; n += 1) {
          sh(`openssl rand 64 > file${n}`, place.share);
          place.tell(changed(`file${n}`));
        }
        for (let day = 1; day <= 90; day += 1) {
          place.clock.move(days(1));
          if (day % 30 === 1) assert.equal((await faultOf(place.protect(`day${day}`))).code, 'mirror-over-budget');
        }
        assert.equal(treeOf(place.tree), good);
        const [point] = await place.points();
        assert.ok(point !== undefined);
        await place.restore('back', point);
        assert.equal(treeOf(place.back), good);
        assert.notEqual(treeOf(place.share), good, 'control: the share is not what it was');
      },
      { kept_for: '30d' },
    ));
});

function placeAgreeing(place: Place, approved: readonly unknown[]) {
  Object.assign(place.entry, { approved });
  return (run: string) => place.protect(run);
}

/** Twenty files, and after the first run one goes every other day: `run2` to `run4`. */
async function threeNights(place: Place): Promise<void> {
  files(place, 20);
  await place.protect('run1');
  for (const [n, run] of ['run2', 'run3', 'run4'].entries()) {
    place.clock.move(days(2));
    rmSync(join(place.share, `file${n}`));
    place.tell(removed(`file${n}`));
    await place.protect(run);
  }
}

describe('what is displaced', { skip, timeout: 300_000 }, () => {
  it('is kept as long as declared, and then removed with the points that need it', () =>
    within(
      async (place) => {
        await threeNights(place);
        assert.equal((await place.points()).length, 4);
        assert.deepEqual(readdirSync(join(place.root, '.kept')).sort(), ['run1', 'run2', 'run3', 'run4']);
        place.clock.move(days(4));
        await place.protect('run5');
        const runs = (await place.points()).map(({ manifest }) => manifest.run);
        assert.deepEqual(runs, ['run3', 'run4', 'run5']);
        assert.deepEqual(readdirSync(join(place.root, '.kept')).sort(), ['run4', 'run5']);
        const [oldest] = await place.points();
        assert.ok(oldest !== undefined);
        await place.restore('back', oldest);
        assert.equal(existsSync(join(place.back, 'file2')), true);
        assert.equal(existsSync(join(place.back, 'file1')), false);
      },
      { kept_for: '5d' },
    ));

  it('stays as long as a manifest cannot be read, whosever it is, and is removed when it can', () =>
    within(
      async (place) => {
        await threeNights(place);
        const third = (await place.points())[2];
        assert.ok(third !== undefined);
        const manifest = join(third.folder, 'manifest.json');
        renameSync(manifest, `${manifest}-away`);
        place.clock.move(days(4));
        const { degraded } = await place.protect('run5');
        assert.match(degraded.join(), /nothing that was displaced is removed while this is so: .*run3/);
        const kept = () => readdirSync(join(place.root, '.kept')).sort();
        assert.deepEqual(kept(), ['run1', 'run2', 'run3', 'run4', 'run5']);
        renameSync(`${manifest}-away`, manifest);
        const [oldest] = await place.points();
        assert.ok(oldest !== undefined);
        await place.restore('back', oldest);
        assert.equal(existsSync(join(place.back, 'file2')), true);
        place.clock.move(days(6));
        await place.protect('run6');
        assert.ok(!kept().includes('run3'), 'control: with all manifests it goes');
      },
      { kept_for: '5d' },
    ));

  it('stays as long as the point that needs it is held', () =>
    within(
      async (place) => {
        files(place, 20);
        await place.protect('run1');
        const [first] = await place.points();
        writeFileSync(join(first?.folder ?? '', 'HOLD'), 'looked at by ana');
        rmSync(join(place.share, 'file0'));
        place.tell(removed('file0'));
        await place.protect('run2');
        place.clock.move(days(40));
        await place.protect('run3');
        assert.equal((await place.points()).length, 3);
        assert.equal(existsSync(join(place.root, '.kept/run2/file0')), true);
      },
      { kept_for: '5d' },
    ));
});
