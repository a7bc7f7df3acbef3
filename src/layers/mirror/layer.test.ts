// A share and its mirror on this machine. rsync is the authority on whether two trees are the same.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hours } from '../../values/duration.ts';
import { differences, everything, fault, sh } from '../common/trees.test-support.ts';
import { changed, type Place, placeWith, removed, renamed, rescan } from './place.test-support.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept, and the share is mounted without links';

const within = async (work: (place: Place) => Promise<void>, more: Record<string, unknown> = {}): Promise<void> => {
  const place = placeWith(more);
  try {
    await work(place);
  } finally {
    place.close();
  }
};
const isSame = ({ share, tree }: Place) => assert.equal(differences(share, tree), '');

describe('a mirrored share', { skip, timeout: 300_000 }, () => {
  it('is as the share is after the first run, whatever its names and kinds (reality 1.3)', () =>
    within(async (place) => {
      everything(place.share);
      const { degraded } = await place.protect('run1');
      assert.deepEqual(degraded, []);
      isSame(place);
      assert.equal((await place.points()).length, 1);
      assert.deepEqual(place.left(), []);
      writeFileSync(join(place.tree, 'one'), 'other');
      assert.notEqual(differences(place.share, place.tree), '', 'control: rsync sees a difference');
    }));

  it('is as the share is, and follows it, on another machine', () =>
    within(
      async (place) => {
        everything(place.share);
        sh('for i in $(seq 40); do echo $i > plain$i; done', place.share);
        await place.protect('run1');
        isSame(place);
        sh(
          'rm plain1; mv folder moved; echo more >> moved/two; echo x > "another\nline"; mkdir deep; echo 1 > deep/1',
          place.share,
        );
        place.tell(removed('plain1'), renamed('folder', 'moved', true), changed('moved/two'), changed('another\nline'));
        place.tell(rescan('deep'), rescan('shared'));
        const { degraded } = await place.protect('run2');
        assert.deepEqual(degraded, []);
        isSame(place);
      },
      { to_machine: 'nas' },
    ));

  it('follows what was written, removed, renamed and changed in its attributes (reality L17, 6.18)', () =>
    within(async (place) => {
      everything(place.share);
      sh(
        'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo $i > plain$i; done; mkdir -p a/b; echo x > a/b/x; echo y > a/y',
        place.share,
      );
      await place.protect('run1');
      sh(
        'echo longer > folder/two; rm plain1; mv a c; mv plain2 "new\nname"; chmod 600 plain3; echo z > c/b/z; mkdir n; mv c/y n/y; echo 1 > n/m',
        place.share,
      );
      place.tell(
        changed('folder/two'),
        removed('plain1'),
        renamed('a', 'c', true),
        renamed('plain2', 'new\nname'),
        changed('plain3'),
      );
      place.tell(changed('c/b/z'), changed('n', true), renamed('c/y', 'n/y'), changed('n/m'));
      place.clock.move(hours(1));
      const { degraded } = await place.protect('run2');
      assert.deepEqual(degraded, []);
      isSame(place);
      assert.equal(readFileSync(join(place.root, '.kept/run2/folder/two'), 'utf8'), 'second');
      assert.equal(place.acknowledged(), 10);
    }));

  it('is brought back as it was at each run, wholly and in part', () =>
    within(async (place) => {
      everything(place.share);
      sh('for i in $(seq 100); do echo $i > plain$i; done; mkdir -p a/b; echo x > a/b/x; echo y > a/y', place.share);
      const states = join(place.folder, 'states');
      mkdirSync(states);
      const run = async (name: string) => {
        const { degraded } = await place.protect(name);
        assert.deepEqual(degraded, []);
        isSame(place);
        sh(`cp -a share states/${name}`, place.folder);
        place.clock.move(hours(1));
      };
      await run('run1');
      sh(
        'echo longer > folder/two; rm plain1; mv a c; mv plain2 "new\nname"; chmod 600 plain3; echo z > c/b/z; mkdir n; mv c/y n/y; echo 1 > n/m',
        place.share,
      );
      place.tell(
        changed('folder/two'),
        removed('plain1'),
        renamed('a', 'c', true),
        renamed('plain2', 'new\nname'),
        changed('plain3'),
      );
      place.tell(changed('c/b/z'), changed('n', true), renamed('c/y', 'n/y'), changed('n/m'));
      await run('run2');
      sh(
        'rm -r c/b; mv n c/b; echo other > c/b/m; ln -s /etc c/b/link; rm one; setfattr -n user.new -v x shared; chmod 700 .; touch c/b',
        place.share,
      );
      place.tell(
        removed('c/b/x'),
        removed('c/b/z'),
        removed('c/b', true),
        renamed('n', 'c/b', true),
        changed('c/b/m'),
        changed('c/b/link'),
      );
      place.tell(removed('one'), changed('shared', true), changed('', true), changed('also-one'));
      await run('run3');
      const points = await place.points();
      assert.equal(points.length, 3);
      for (const [index, point] of points.entries()) {
        await place.restore(`back${index}`, point);
        assert.equal(
          differences(join(states, `run${index + 1}`), place.back, 'device').replace(/^\*deleting +device\n/m, ''),
          '',
        );
        rmSync(place.back, { recursive: true });
        assert.deepEqual(place.left(), []);
      }
      isSame(place);
      const [first] = points;
      assert.ok(first !== undefined);
      await place.restore('part', first, {}, 'a/b/x');
      assert.equal(readFileSync(join(place.back, 'a/b/x'), 'utf8'), 'x\n');
      assert.deepEqual(readdirSync(place.back), ['a']);
      rmSync(place.back, { recursive: true });
      await assert.rejects(place.restore('none', first, {}, 'c/b/z'), fault('path-not-in-point'));
      assert.equal(existsSync(place.back), false);
      assert.deepEqual(place.left(), []);
    }));
});
