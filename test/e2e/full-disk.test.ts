// The disk under the state folder fills up while an image is copied. What cannot be written down must still be given back.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { canMount, estateIn, imageOf, leftBehind, photosEstate, reached } from './estate.test-support.ts';

describe('a state folder without room', { skip: canMount() ? false : 'it needs root and loop devices' }, () => {
  it('ends the run with what to do, gives back what was taken, and lets the next command finish it', async () => {
    const one = estateIn(photosEstate('full'), 'full');
    const [tree, image, copies] = [
      join(one.folder, 'tree'),
      join(one.folder, 'photos.img'),
      join(one.folder, 'copies'),
    ];
    mkdirSync(tree);
    execFileSync('dd', ['if=/dev/urandom', `of=${join(tree, 'big')}`, 'bs=1M', 'count=200', 'status=none']);
    imageOf(image, tree, 400);
    mkdirSync(one.state);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8M,mode=0700', 'tmpfs', one.state]);
    try {
      const started = one.start('run', 'photos-image');
      const run = await reached(one, />copy/);
      const filler = join(one.state, 'somebody-elses');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64K', 'status=none']);
      assert.equal(await started.ended, 1, started.output());
      assert.match(started.output(), /journal-disk-full[\s\S]*free some space there/);
      assert.deepEqual(leftBehind(run, image, copies), []);
      rmSync(filler);
      assert.match((await one.type('runs')).stdout, /recovery due/);
      assert.equal((await one.type('run', 'photos-image')).status, 0);
      const states = one.journal((runs) => runs.map(({ id, state }) => [id, state])) ?? [];
      assert.equal(Object.fromEntries(states)[run], 'aborted');
    } finally {
      execFileSync('umount', [one.state]);
      one.close();
    }
  });
});
