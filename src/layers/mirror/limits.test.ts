// As large, as long and as late as it gets: names at the limit of the system, a terabyte of holes, ten days without the target.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { days } from '../../values/duration.ts';
import { differences, sh } from '../common/trees.test-support.ts';
import { files, skip, within } from './fire.test-support.ts';
import { changed, removed, renamed, rescan } from './place.test-support.ts';

describe('at its limits, a mirror', { skip, timeout: 300_000 }, () => {
  it('names what is too long for it, brings the rest, and says so again by each run', () =>
    within(async (place) => {
      files(place, 3);
      const part = 'p'.repeat(250);
      // bash goes on where the whole path is beyond what the system takes.
      execFileSync('bash', ['-ec', `for n in $(seq 17); do mkdir ${part}; cd ${part}; echo $n >file; done`], {
        cwd: place.share,
      });
      const first = await place.protect('run1');
      assert.match(first.degraded.join(), /could not be brought, and .* looked at again by the next run: ppp/);
      const there = sh('find . -name file | wc -l', place.tree).trim();
      assert.ok(Number(there) >= 15 && Number(there) < 17, `${there} of 17`);
      writeFileSync(join(place.share, 'file1'), 'changed');
      place.tell(changed('file1'));
      const second = await place.protect('run2');
      assert.match(second.degraded.join(), /could not be brought/);
      assert.equal(readFileSync(join(place.tree, 'file1'), 'utf8'), 'changed');
    }));

  it('costs of a terabyte of holes what is in it, there and back', () =>
    within(async (place) => {
      const middle = 'dd of=huge bs=1 seek=500000000000 conv=notrunc status=none';
      sh(`truncate -s 1T huge; printf middle | ${middle}`, place.share);
      await place.protect('run1');
      sh(`printf M | ${middle}`, place.share);
      place.tell(changed('huge'));
      assert.deepEqual((await place.protect('run2')).degraded, []);
      const at = (folder: string) =>
        sh('dd if=huge bs=1 skip=500000000000 count=6 status=none; stat -c " %s" huge; du -k huge | cut -f 1', folder);
      assert.match(at(place.tree), /^Middle 1099511627776\n\d{1,3}$/m);
      const [before] = await place.points();
      assert.ok(before !== undefined);
      await place.restore('back', before);
      assert.match(at(place.back), /^middle 1099511627776\n\d{1,3}$/m);
    }));

  it('whose disk lost a byte without a word says so, where contents are read, and keeps both', () =>
    within(
      async (place) => {
        files(place, 20);
        await place.protect('run1');
        const rot = () =>
          sh(
            'touch -r file7 ../../../time; printf X | dd of=file7 bs=1 conv=notrunc status=none; touch -r ../../../time file7',
            place.tree,
          );
        rot();
        place.clock.move(days(31));
        assert.deepEqual((await place.protect('run2')).degraded, [], 'control: a pass that reads no content');
        place.clock.move(days(60));
        const { degraded } = await place.protect('run3');
        assert.match(
          degraded.join(),
          /^1 file had other content than on the share, with the same size and times.*: file7$/,
        );
        assert.equal(differences(place.share, place.tree), '');
        assert.equal(readFileSync(join(place.root, '.kept/run3/file7'), 'utf8'), 'Xontent 7');
        const counts = (await place.points()).at(-1)?.manifest.counts;
        assert.deepEqual([counts?.['missed'], counts?.['damaged']], [0, 1]);
        place.clock.move(days(31));
        assert.deepEqual((await place.protect('run4')).degraded, []);
      },
      { content_pass: '90d' },
    ));

  it('that was gone for ten days gets all of them with the first run after (reality 6.15)', () =>
    within(async (place) => {
      files(place, 200);
      sh('mkdir album; for n in $(seq 20); do echo $n >album/$n; done', place.share);
      await place.protect('run1');
      renameSync(place.root, `${place.root}-away`);
      writeFileSync(place.root, 'no folder');
      for (let day = 10; day < 20; day += 1) {
        place.clock.move(days(1));
        sh(
          `rm file${day}; echo ${day} >file9${day}; mkdir day${day}; echo ${day} >day${day}/new; mv file1${day} day${day}/`,
          place.share,
        );
        place.tell(
          removed(`file${day}`),
          changed(`file9${day}`),
          rescan(`day${day}`),
          renamed(`file1${day}`, `day${day}/file1${day}`),
        );
        if (day === 15) {
          sh('mv album photos', place.share);
          place.tell(renamed('album', 'photos', true));
        }
        await assert.rejects(place.protect(`day${day}`));
        assert.equal(place.acknowledged(), 1, 'the journal keeps it');
      }
      sh('rm "$1"; mv "$1-away" "$1"'.replaceAll('$1', place.root), '/');
      const back = await place.protect('back');
      assert.deepEqual(back.degraded, []);
      assert.equal(differences(place.share, place.tree), '');
      assert.equal(existsSync(join(place.root, '.kept/back/file11')), true, 'what went meanwhile is kept');
    }));
});
