// One file or folder out of a point: all of it with everything that it had, and nothing beside the folders that lead to it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Fault } from '../../../fault.ts';
import { localMachine } from '../../../machines/local.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import { systemClock } from '../../../values/instant.ts';
import { type Begun, recoverDriven, worldWith } from '../driver.test-support.ts';
import { lifeOf, toNextPlace } from '../mortal.test-support.ts';
import { differences, everything, fault, sh } from '../trees.test-support.ts';
import { type TreePlace, treePlace } from './point.test-support.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept';

/** Everything below `deep/er/place`, the way there with metadata of its own, and files whose names lie on both sides. */
function grown(tree: string): void {
  const place = join(tree, 'deep/er/place');
  mkdirSync(place, { recursive: true });
  mkdirSync(join(tree, 'deep/elsewhere'));
  everything(place);
  everything(join(tree, 'deep/elsewhere'));
  for (const name of ['[ab]*', '[ab]*x', 'a', 'axx']) writeFileSync(join(tree, 'deep', name), name);
  sh(
    `ln deep/er/place/one 0-first; ln deep/er/place/one zz-last; ln deep/er/place/also-one deep/er/beside
     ln zz-last deep/elsewhere/too; mkdir 'deep/[x]' 'deep/[x]/*'; echo starred > 'deep/[x]/*/file'; mkdir deep/x deep/x/y; echo not > deep/x/y/file
     chown 77:78 deep; chmod 2751 deep; setfacl -m u:4321:rx deep/er; setfattr -n user.way -v kept deep/er
     touch -d 2004-04-04T04:04:04.123456789Z deep/er; touch -d 2005-05-05T05:05:05.5Z deep; touch -d 2006-06-06Z .`,
    tree,
  );
}

const stat = (path: string) =>
  sh(
    `stat -c '%A %u %g %y' -- "${path}"; getfacl -npE -- "${path}" | sed 1d; getfattr --absolute-names -dm- -- "${path}" | sed 1d`,
    '/',
  );

describe('a part of a point', { skip }, () => {
  let place: TreePlace;
  let point: RestorePoint;
  before(async () => {
    place = treePlace();
    grown(place.tree);
    point = await place.sealed();
  });
  beforeEach(() => rmSync(place.back, { recursive: true, force: true }));
  after(() => place.close());

  it('that is a folder comes back whole, its way with owner, mode, ACL, attributes and time, and nothing beside', async () => {
    await place.restore(point, 'deep/er/place', {}, { restore_devices: true });
    const [from, to] = [join(place.tree, 'deep/er/place'), join(place.back, 'deep/er/place')];
    assert.equal(differences(from, to), '');
    assert.deepEqual(readdirSync(place.back), ['deep']);
    assert.deepEqual(readdirSync(join(place.back, 'deep')), ['er']);
    assert.deepEqual(readdirSync(join(place.back, 'deep/er')), ['place']);
    for (const way of ['.', 'deep', 'deep/er'])
      assert.equal(stat(join(place.back, way)), stat(join(place.tree, way)), way);
    appendFileSync(join(to, 'one'), '!');
    assert.notEqual(differences(from, to), '', 'a difference would have been seen (control)');
  });

  it('has files with names outside it as files of their own, and names within it as one file still', async () => {
    await place.restore(point, 'deep/er/place');
    const [one, other] = ['one', 'also-one'].map((name) => statSync(join(place.back, 'deep/er/place', name)));
    assert.equal(one?.ino, other?.ino);
    assert.equal(one?.nlink, 2);
    rmSync(place.back, { recursive: true });
    for (const only of ['0-first', 'zz-last', 'deep/elsewhere/too', 'deep/er/place/one']) {
      await place.restore(point, only);
      const found = join(place.back, only);
      assert.equal(readFileSync(found, 'utf8'), 'first', only);
      assert.equal(statSync(found).nlink, 1, only);
      assert.equal(stat(found), stat(join(place.tree, only)));
      rmSync(place.back, { recursive: true });
    }
  });

  for (const name of [
    '-rf',
    '$(touch x)',
    'new\nline',
    `it's "quoted"`,
    'back\\slash',
    ' blanks ',
    'ünïcode',
    'dangling',
    'pipe',
    'holes',
  ])
    it(`that is called ${JSON.stringify(name)} comes back alone`, async () => {
      await place.restore(point, `deep/er/place/${name}`);
      const folder = join(place.back, 'deep/er/place');
      assert.deepEqual(readdirSync(folder), [name]);
      const [from, to] = [place.tree, place.back].map((tree) => join(tree, 'deep/er/place', name));
      assert.equal(
        execFileSync('rsync', [
          '-naXAi',
          '--checksum',
          '--specials',
          '--',
          from ?? '',
          `${dirname(to ?? '')}/`,
        ]).toString(),
        '',
      );
    });

  it('is never taken for a pattern, nor for the beginning of a longer name', async () => {
    await place.restore(point, 'deep/[ab]*');
    assert.deepEqual(readdirSync(join(place.back, 'deep')), ['[ab]*']);
    rmSync(place.back, { recursive: true });
    await place.restore(point, 'deep/[x]/*');
    assert.equal(readFileSync(join(place.back, 'deep/[x]/*/file'), 'utf8'), 'starred\n');
    assert.deepEqual(readdirSync(join(place.back, 'deep')), ['[x]']);
    rmSync(place.back, { recursive: true });
    await place.restore(point, 'deep/a');
    assert.deepEqual(readdirSync(join(place.back, 'deep')), ['a']);
  });

  it('whose file has more names than tar would be told of comes back all the same', async () => {
    const other = treePlace();
    try {
      mkdirSync(join(other.tree, 'many'));
      writeFileSync(join(other.tree, 'many/first'), 'many names');
      for (let number = 0; number < 10_100; number += 1)
        linkSync(join(other.tree, 'many/first'), join(other.tree, 'many', `${number}`));
      mkdirSync(join(other.tree, 'part'));
      linkSync(join(other.tree, 'many/first'), join(other.tree, 'part/one'));
      await other.restore(await other.sealed(), 'part');
      assert.deepEqual(readdirSync(other.back), ['part']);
      assert.equal(readFileSync(join(other.back, 'part/one'), 'utf8'), 'many names');
      assert.equal(stat(join(other.back, '.')), stat(other.tree));
    } finally {
      other.close();
    }
  });

  it('may be typed as a shell completes it', async () => {
    await place.restore(point, './deep/er/place/folder/');
    assert.deepEqual(readdirSync(join(place.back, 'deep/er/place')), ['folder']);
  });

  it('that is not in the point is refused before anything is written, with what may have been meant', async () => {
    const remedyOf = (only: string) =>
      place.restore(point, only).then(
        () => assert.fail('it was brought back'),
        (error: unknown) => {
          assert.ok(error instanceof Fault && error.code === 'path-not-in-point', String(error));
          return `${error.says}; ${error.remedy}`;
        },
      );
    assert.match(await remedyOf('deep/er/plaze/one'), /deep\/er is.*near it is in there: deep\/er\/place/);
    assert.match(await remedyOf('place/folder/two'), /near it is in there: deep\/er\/place\/folder\/two/);
    assert.match(await remedyOf('nothing/like/it'), /is not in it; look for it in an older point/);
    assert.equal(existsSync(place.back), false);
  });

  it('that no archive holds is refused, and says why', async () => {
    await assert.rejects(place.restore(point, 'deep/er/place/device'), fault('path-not-kept'));
    await place.restore(point, 'deep/er/place/device', {}, { restore_devices: true });
    assert.ok(statSync(join(place.back, 'deep/er/place/device')).isCharacterDevice());
  });

  it('whose content is not what was sealed is refused, and nothing of it stays', async () => {
    const archive = join(point.folder, 'contents.tar');
    const whole = readFileSync(archive);
    try {
      const broken = Buffer.from(whole);
      broken[broken.length - 100] = 1;
      writeFileSync(archive, broken);
      await assert.rejects(place.restore(point, 'deep/er/place/one'), fault('point-damaged'));
      assert.equal(existsSync(place.back), false);
    } finally {
      writeFileSync(archive, whole);
    }
  });

  it('that is killed at any place is led back by whoever comes next, and nothing of it stays', async () => {
    let [places, whole] = [0, false];
    for (; !whole; places += toNextPlace) {
      const life = lifeOf(places);
      const begun: Begun[] = [];
      const machine = (name: string) => life.machine(localMachine({ name, clock: systemClock }));
      await place
        .restore(point, 'deep/er/place', { world: { ...worldWith(), machine }, began: (step) => void begun.push(step) })
        .then(() => {
          whole = true;
        })
        .catch((error: unknown) => {
          if (life.count() < places) throw error;
        });
      await recoverDriven({ run: 'run9' as RunId, world: worldWith(), taken: '/nowhere' }, begun, 3);
      assert.deepEqual(existsSync(place.back) ? readdirSync(place.back) : [], [], `killed after ${places}`);
      rmSync(place.back, { recursive: true, force: true });
    }
    assert.ok(places > 20, `${places} places were tried`);
  });
});
