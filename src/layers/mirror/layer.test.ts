// A share and its mirror on this machine. rsync is the authority on whether two trees are the same.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { differences, everything, sh } from '../common/trees.test-support.ts';
import { changed, type Place, placeWith, removed, renamed } from './place.test-support.ts';

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
  it('is as the share is after the first run, whatever its names and kinds', () =>
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

  it('follows what was written, removed, renamed and changed in its attributes', () =>
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
      place.clock.move(60_000 as never);
      const { degraded } = await place.protect('run2');
      assert.deepEqual(degraded, []);
      isSame(place);
      assert.equal(readFileSync(join(place.root, '.kept/run2/folder/two'), 'utf8'), 'second');
      assert.equal(place.acknowledged(), 10);
    }));
});
