// Images that are not to be mounted, and mounts that are given back.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fault, plain, sh } from '../common/trees.test-support.ts';
import { type Place, placeWith, unlessMounting } from './place.test-support.ts';

/** A boot sector with one partition in it. */
const partitioned = `truncate -s 0 img; truncate -s 8M img
  printf '\\0\\0\\0\\0\\203\\0\\0\\0\\1\\0\\0\\0\\0\\20\\0\\0' | dd of=img bs=1 seek=446 conv=notrunc status=none
  printf '\\125\\252' | dd of=img bs=1 seek=510 conv=notrunc status=none`;

describe('an image', { skip: unlessMounting }, () => {
  let place: Place;
  let good: string;
  before(() => {
    place = placeWith(plain);
    good = join(place.folder, 'good');
    copyFileSync(place.image, good);
  });
  after(() => place.close());

  async function refused(code: string): Promise<void> {
    await assert.rejects(place.protect('run1'), fault(code));
    assert.deepEqual(place.left(), []);
    assert.equal(existsSync(place.copies), false, 'nothing was written');
    sh('rm -rf img', place.folder);
    copyFileSync(good, place.image);
  }

  for (const [what, code, script] of [
    ['that is not there', 'image-missing', 'rm img'],
    ['that is a link', 'image-missing', 'rm img; ln -s good img'],
    ['that is empty', 'image-missing', ': > img'],
    ['without a file system', 'image-without-filesystem', 'rm img; truncate -s 1M img'],
    ['with partitions', 'image-with-partitions', partitioned],
    [
      'of a kind that is not mounted',
      'image-filesystem-unknown',
      'truncate -s 0 img; truncate -s 8M img; mkswap -q img',
    ],
    ['whose superblock lies', 'image-not-mounted', 'truncate -s 64K img'],
  ] as const)
    it(`${what} is refused, and nothing is written`, async () => {
      sh(script, place.folder);
      await refused(code);
    });

  it('that holds no file is refused, so that its emptiness pushes no good point out (reality L3, 6.12)', async () => {
    sh('rm img; mke2fs -q -t ext4 img 8M', place.folder);
    await refused('image-without-files');
  });

  it('that was not unmounted cleanly is refused, and not changed', async () => {
    sh(
      'mount -o loop img tree; echo x > tree/new; sync -f tree/new; cp img dirty; umount tree; mv dirty img',
      place.folder,
    );
    const before = readFileSync(place.image);
    await assert.rejects(place.protect('run1'), fault('image-journal-dirty'));
    assert.ok(readFileSync(place.image).equals(before), 'not one bit');
    await refused('image-journal-dirty');
  });

  it('that somebody can write to through a loop device is refused, and their device stays', async () => {
    const device = execFileSync('losetup', ['--find', '--show', place.image], { encoding: 'utf8' }).trim();
    try {
      await assert.rejects(place.protect('run1'), fault('image-in-use'));
      assert.match(place.left().join(), new RegExp(`^${device}:`));
    } finally {
      execFileSync('losetup', ['--detach', device]);
    }
  });

  it('that is written to while it is copied gives no point', async () => {
    const write = (moment: string) => {
      if (moment === 'open>copy writing contents.tar') utimesSync(place.image, 1, 1);
    };
    await assert.rejects(place.protect('run1', { at: write }), fault('image-changed-while-read'));
    assert.deepEqual(place.left(), []);
    assert.deepEqual(await place.points(), []);
  });

  it('that somebody looks into when it is given back is taken away all the same', async () => {
    let user: ReturnType<typeof spawn> | undefined;
    const look = (moment: string) => {
      if (moment !== 'open>copy ends') return;
      user = spawn('sleep', ['60'], { cwd: join(place.folder, 'taken', 'run2', 'mnt-photos') });
    };
    await place.protect('run2', { at: look });
    assert.ok(!place.left().some((left) => left.includes('mnt-photos')), 'the mount is gone');
    user?.kill('SIGKILL');
    assert.equal((await place.points()).length, 1);
  });

  it('that has come and gone leaves a point that is there: the checks above did not refuse everything', async () => {
    await place.protect('run3');
    assert.equal((await place.points()).length, 2);
  });
});
