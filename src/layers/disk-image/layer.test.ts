// The layer on real images: protected, restored and compared by rsync, which knows nothing of us; damaged, made to do harm,
// and with disks that fill up.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { localMachine } from '../../machines/local.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { systemClock } from '../../values/instant.ts';
import { type Driven, worldWith } from '../common/driver.test-support.ts';
import { manifestText, withSeal } from '../common/points/manifest.ts';
import { withEncrypted } from '../common/protection.test-support.ts';
import { differences, everything, fault, plain, sh } from '../common/trees.test-support.ts';
import { type Place, placeWith, unlessMounting } from './place.test-support.ts';

async function only(place: Place): Promise<RestorePoint> {
  const points = await place.points();
  assert.equal(points.length, 1);
  return points[0] as RestorePoint;
}

const sum = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('a disk image', { skip: unlessMounting }, () => {
  let place: Place;
  before(async () => {
    place = placeWith(everything);
  });
  after(() => place.close());

  it('comes back with owner, mode, time, ACL, attributes, links, holes and whatever name, as rsync sees it', async () => {
    const image = sum(place.image);
    await place.protect('run1');
    assert.equal(sum(place.image), image, 'the image is as it was, bit by bit');
    assert.deepEqual(place.left(), []);
    await place.restore('run2', await only(place));
    place.inside((tree) => {
      assert.equal(differences(tree, place.back, 'device'), '');
      assert.equal(sh(`diff -r --no-dereference "${tree}" "${place.back}" || true`, '/').includes('differ'), false);
    });
    assert.ok(statSync(join(place.back, 'holes')).blocks < 100, 'holes stay holes');
    assert.equal(existsSync(join(place.back, 'device')), false, 'a device node is made only where it was asked for');
    assert.deepEqual(place.left(), []);
    chmodSync(join(place.back, 'one'), 0o600);
    place.inside((tree) => assert.notEqual(differences(tree, place.back, 'device'), '', 'rsync notices a difference'));
  });

  it('lies in files that only their owner may read, each with the digest that its manifest says', async () => {
    const { folder, manifest } = await only(place);
    for (const part of manifest.parts) {
      assert.equal(sum(join(folder, part.name)), part.sha256);
      assert.equal(statSync(join(folder, part.name)).mode & 0o077, 0);
    }
    assert.equal(statSync(folder).mode & 0o077, 0);
    assert.deepEqual(readdirSync(folder).sort(), [...manifest.parts.map(({ name }) => name), 'manifest.json'].sort());
  });

  it('brings device nodes back where the estate says so', async () => {
    const asked = placeWith(everything, { restore_devices: true });
    try {
      await asked.protect('run1');
      await asked.restore('run2', await only(asked));
      assert.ok(lstatSync(join(asked.back, 'device')).isCharacterDevice());
      asked.inside((tree) => assert.equal(differences(tree, asked.back), ''));
    } finally {
      asked.close();
    }
  });
});

describe('a restore point that was altered', { skip: unlessMounting }, () => {
  let place: Place;
  let point: RestorePoint;
  before(async () => {
    place = placeWith(plain);
    await place.protect('run1');
    point = await only(place);
  });
  after(() => place.close());

  /** One bit, in the middle or where it is told; and back again. */
  async function altered(name: string, check: () => Promise<void>, where = 0.5): Promise<void> {
    const file = join(point.folder, name);
    const content = readFileSync(file);
    const spoilt = Buffer.from(content);
    const position = Math.floor(content.length * where);
    spoilt[position] = (spoilt[position] ?? 0) ^ 1;
    writeFileSync(file, spoilt);
    await check();
    writeFileSync(file, content);
  }
  const nothingRestored = () => {
    assert.equal(existsSync(place.back), false);
    assert.deepEqual(place.left(), []);
  };

  for (const where of [0.01, 0.2, 0.5, 0.8, 0.99])
    it(`in its manifest (at ${where * 100} %) is no restore point any more, and is named`, () =>
      altered(
        'manifest.json',
        async () => {
          assert.deepEqual(await place.points(), []);
          assert.match((await place.remarks()).join(), /manifest\.json/);
        },
        where,
      ));

  for (const [name, where] of [
    ['contents.tar', 0.02],
    ['contents.tar', 0.5],
    ['contents.tar', 0.999],
    ['listing.ndjson', 0.5],
  ] as const)
    it(`in its ${name} (at ${where * 100} %) is refused, and nothing of it is left in the target`, () =>
      altered(
        name,
        async () => {
          await assert.rejects(place.restore('run2', point), fault('point-damaged'));
          nothingRestored();
        },
        where,
      ));

  it('in the length of a part is no restore point any more', async () => {
    const file = join(point.folder, 'contents.tar');
    const content = readFileSync(file);
    appendFileSync(file, 'x');
    assert.deepEqual(await place.points(), []);
    assert.match((await place.remarks()).join(), /contents\.tar has .* were written/);
    writeFileSync(file, content);
  });

  it('in its name, or that was put beside others by somebody, is none of this layer and is named', async () => {
    const moved = `${point.folder}-moved`;
    renameSync(point.folder, moved);
    mkdirSync(join(point.folder, '..', 'stray'));
    assert.deepEqual(await place.points(), []);
    assert.match((await place.remarks()).join('\n'), /is that of[\s\S]*never sealed/);
    rmSync(join(point.folder, '..', 'stray'), { recursive: true });
    renameSync(moved, point.folder);
  });

  it('not at all is restored: the checks above did not refuse everything', async () => {
    await place.restore('run3', point);
    place.inside((tree) => assert.equal(differences(tree, place.back), ''));
  });
});

describe('an image of an encrypted disk', { skip: unlessMounting }, () => {
  it('is copied to no disk in the clear, and to one that is encrypted or that the estate calls protected (reality L14)', async () => {
    const place = placeWith(plain);
    try {
      const on = (folder: string): Partial<Driven> => ({
        world: worldWith(undefined, withEncrypted(localMachine({ name: 'here', clock: systemClock }), folder)),
      });
      await assert.rejects(place.protect('run1', on(place.image)), fault('copy-less-protected'));
      assert.deepEqual([await place.points(), place.left()], [[], []]);
      await place.protect('run2', on(place.folder));
      assert.equal((await place.points()).length, 1);
    } finally {
      place.close();
    }
  });
});

describe('an archive that was made to do harm', { skip: unlessMounting }, () => {
  let place: Place;
  let point: RestorePoint;
  before(async () => {
    place = placeWith(plain);
    await place.protect('run1');
    point = await only(place);
  });
  after(() => place.close());

  /** The archive is replaced, and the manifest sealed anew for it: what somebody can do who owns the disk of the copies. */
  async function poisoned(script: string): Promise<RestorePoint> {
    const archive = join(point.folder, 'contents.tar');
    sh(script.replaceAll('ARCHIVE', archive), place.folder);
    const parts = point.manifest.parts.map((part) =>
      part.name === 'contents.tar' ? { ...part, bytes: statSync(archive).size, sha256: sum(archive) } : part,
    );
    const { seal: _, ...details } = point.manifest.details;
    writeFileSync(join(point.folder, 'manifest.json'), manifestText(withSeal({ ...point.manifest, parts, details })));
    return only(place);
  }
  const outside = () => join(place.folder, 'outside');

  for (const [what, script] of [
    ['leads out of the folder by ..', 'echo x > outside; mkdir -p w; cd w; tar -cPf ARCHIVE ../outside; rm ../outside'],
    ['has an absolute path', 'echo x > outside; tar -cPf ARCHIVE "$PWD/outside"; rm outside'],
    [
      'goes through a link that leads out',
      'mkdir -p l target; ln -s ../../../.. l/way; tar -cf ARCHIVE -C l way; rm l/way; mkdir l/way; echo x > l/way/outside; tar -rf ARCHIVE -C l way/outside; rm -r l',
    ],
    ['holds a device node', 'mkdir -p d; mknod d/null c 1 3; tar -cf ARCHIVE -C d null; rm -r d'],
    [
      'holds a file with setuid that was never listed',
      'mkdir -p s; cp /bin/true s/; chmod 4755 s/true; tar -cf ARCHIVE -C s true',
    ],
  ] as const)
    it(`because it ${what} is refused, writes nothing outside, and leaves nothing`, async () => {
      const spoilt = await poisoned(script);
      await assert.rejects(place.restore('run2', spoilt));
      assert.equal(existsSync(outside()), false);
      assert.equal(existsSync(place.back), false);
      assert.deepEqual(place.left(), []);
    });
});

describe('what is compared before a restore is settled', { skip: unlessMounting }, () => {
  let place: Place;
  let point: RestorePoint;
  before(async () => {
    place = placeWith(everything);
    await place.protect('run1');
    point = await only(place);
  });
  after(() => place.close());

  for (const [what, change] of [
    ['the content, when its length changes', 'echo >> one'],
    ['a mode', 'chmod o+w folder/two'],
    ['an owner', 'chown 77 one'],
    ['a group', 'chgrp 77 one'],
    ['a time, by a nanosecond', 'touch -d 2001-02-03T04:05:06.789012346Z folder/two'],
    ['the time of a link', 'touch -h -d 2002-02-02T02:02:03Z dangling'],
    ['where a link points to', 'rm dangling; ln -s elsewhere dangling; touch -h -d 2002-02-02T02:02:02Z dangling'],
    ['an ACL', 'setfacl -m u:1235:r one'],
    ['a default ACL', 'setfacl -k shared'],
    ['an attribute', 'setfattr -n user.note -v other folder/two'],
    ['an attribute of a folder that is gone', 'setfattr -x trusted.note folder'],
    ['a hard link that became a file of its own', 'cp -a one three; mv three also-one'],
    ['a name that is missing', 'rm pipe'],
    ['a name too many', 'echo > folder/more'],
    ['the mode of the root', 'chmod 755 .'],
  ] as const)
    it(`includes ${what}`, async () => {
      const tamper = (moment: string) => {
        // Folders keep their times, so that the change itself is what is found.
        const keep = 'touch -r folder /tmp/.f; touch -r . /tmp/.d;';
        const undo = '; touch -r /tmp/.f folder; touch -r /tmp/.d .; rm /tmp/.f /tmp/.d';
        if (moment === 'settle begins') sh(`${keep}${change}${undo}`, join(place.back, '.holdfast-run2', 'tree'));
      };
      await assert.rejects(place.restore('run2', point, { at: tamper }), fault('restore-differs'));
      assert.equal(existsSync(place.back), false);
      assert.deepEqual(place.left(), []);
    });
});

describe('a disk without room', { skip: unlessMounting }, () => {
  const random = (tree: string) => sh('head -c 8M /dev/urandom > big', tree);
  let place: Place;
  before(() => {
    place = placeWith(random, {}, 32);
  });
  after(() => place.close());

  function mounted(folder: string, size: string): void {
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder]);
  }

  it('is refused before anything is written, with what is needed and what is free', async () => {
    mounted(place.copies, '8M');
    await assert.rejects(place.protect('run1'), fault('no-room'));
    assert.deepEqual(readdirSync(place.copies), []);
    execFileSync('umount', [place.copies]);
  });

  it('that fills up while the archive is written leaves no partial point, and is called full', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=34M,mode=0700', 'tmpfs', place.copies]);
    const fill = (moment: string) => {
      if (moment === 'open>copy begins') sh('head -c 30M /dev/zero > others', place.copies);
    };
    await assert.rejects(place.protect('run2', { at: fill }), fault('disk-full'));
    assert.deepEqual(readdirSync(place.copies).sort(), ['others', 'photos']);
    assert.deepEqual(readdirSync(join(place.copies, 'photos')), []);
    assert.deepEqual(place.left(), [place.copies]);
    rmSync(join(place.copies, 'others'));
    await place.protect('run3');
    assert.equal((await place.points()).length, 1, 'with room again, it works');
  });

  it('at the target of a restore leaves the target as it was', async () => {
    const point = await only(place);
    mounted(place.back, '12M');
    const fill = (moment: string) => {
      const work = join(place.back, '.holdfast-run4');
      if (moment === 'unpack unpacking contents.tar' && !existsSync(join(work, 'others')))
        sh('head -c 8M /dev/zero > others', work);
    };
    await assert.rejects(place.restore('run4', point, { at: fill }), fault('disk-full'));
    assert.deepEqual(readdirSync(place.back), []);
    execFileSync('umount', [place.back]);
  });
});
