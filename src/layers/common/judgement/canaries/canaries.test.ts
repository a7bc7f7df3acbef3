// Canaries in a real tree: planted, met by whoever goes through it file by file, and taken away again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { World } from '../../../../contracts/world.ts';
import { localMachine } from '../../../../machines/local.ts';
import type { RunId } from '../../../../model/run.ts';
import type { Json } from '../../../../values/canonical.ts';
import { systemClock } from '../../../../values/instant.ts';
import { type Begun, type Driven, drive, recoverDriven, worldWith } from '../../driver.test-support.ts';
import { lifeOf } from '../../mortal.test-support.ts';
import { differences, sh } from '../../trees.test-support.ts';
import { plantedOf, troubledCanaries } from './canaries.ts';
import { planPlanting, planRemoving } from './plan.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const { signal } = new AbortController();

function placeWith(fill: string) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-canaries-'));
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  sh(fill, tree);
  execFileSync('cp', ['-a', tree, join(folder, 'before')]);
  const memory = new Map<string, Json>();
  const world: World = {
    ...worldWith(),
    recall: (what) => {
      const value = memory.get(what);
      return value === undefined ? undefined : { value, at: systemClock.now() };
    },
    remember: (what, value) => void memory.set(what, value),
  };
  const place = { layer: 'photos', machine: 'here', folder: tree };
  const driven = (over: Partial<Driven>): Driven => ({ run: 'run1' as RunId, world, taken: folder, ...over });
  return {
    ...{ folder, tree, world },
    plant: (over: Partial<Driven> = {}) =>
      drive(driven(over), planPlanting(place, plantedOf(world, 'photos')).steps, 'keep'),
    remove: () => drive(driven({}), planRemoving(place, plantedOf(world, 'photos')).steps, 'keep'),
    planted: () => plantedOf(world, 'photos')?.paths ?? [],
    trouble: () => troubledCanaries({ machine, tree, signal }, plantedOf(world, 'photos')),
    changes: () => differences(join(folder, 'before'), tree),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const documents = `for d in 2019 2020 2021 archive family letters work 'Photos of us'; do for s in . a m z; do mkdir -p "$d/$s"
  for n in 1 2 3 4 5 6 7 8; do seq $n 300 > "$d/$s/file $n.txt"; touch -d "202$n-01-01" "$d/$s/file $n.txt"; done; done; done; seq 500 > readme.txt; mkdir .hidden; seq 9 > .hidden/x`;

const noise = (path: string) => writeFileSync(path, execFileSync('head', ['-c', '5000', '/dev/urandom']));
const ordered = (tree: string, command: string): string[] =>
  execFileSync('sh', ['-c', command], { cwd: tree, env: { ...process.env, LC_ALL: 'C' } })
    .toString()
    .split('\n')
    .filter(Boolean);

describe('canaries', () => {
  for (const [order, command] of [
    ['by name', 'find . -name .hidden -prune -o -type f -print | sort'],
    ['by name, backwards', 'find . -type f | sort -r'],
    [
      'folder by folder, files before folders',
      `find . -name .hidden -prune -o -type f -printf '%h/!%f\\t%p\\n' | sort | cut -f 2`,
    ],
    [
      'folder by folder, the deepest ones first',
      `find . -depth -mindepth 3 -type f | sort; find . -maxdepth 2 -type f`,
    ],
    ['the oldest first', `find . -type f -printf '%T@\\t%p\\n' | sort -n | cut -f 2`],
  ] as const)
    it(`catch whoever encrypts five files a day, ${order}, within two days`, async () => {
      const place = placeWith(documents);
      try {
        await place.plant();
        assert.deepEqual(await place.trouble(), [], 'none before (control)');
        const files = ordered(place.tree, command);
        assert.ok(files.length > 200, `${files.length} files`);
        let day = 1;
        for (; day < 20 && (await place.trouble()).length === 0; day += 1)
          for (const path of files.slice((day - 1) * 5, day * 5)) noise(join(place.tree, path));
        assert.ok(day - 1 <= 2, `caught on day ${day - 1}`);
      } finally {
        place.close();
      }
    });

  it('that are renamed, removed, emptied or replaced by a link are told by name', async () => {
    const place = placeWith(documents);
    try {
      await place.plant();
      const [one = '', two = '', three = '', four = ''] = place.planted();
      const at = (path: string) => join(place.tree, path);
      sh(
        `mv "$(printf %s '${one}')" x.locked; rm '${two}'; : > '${three}'; mv '${four}' ../kept; ln -s ../kept '${four}'`,
        place.tree,
      );
      assert.deepEqual(await place.trouble(), [
        { path: one, says: 'is gone' },
        { path: two, says: 'is gone' },
        ...[three, four].map((path) => ({ path, says: 'has another content' })),
      ]);
      assert.ok(existsSync(at('x.locked')));
    } finally {
      place.close();
    }
  });

  it('look like documents of their folder: its owner, its mode, a size and a time of their own, and none is like another', async () => {
    const place = placeWith(`${documents}; chown -R 1234:4321 letters; chmod 2770 letters`);
    try {
      await place.plant();
      const paths = place.planted();
      assert.ok(paths.length >= 24, `${paths.length} were planted`);
      const inLetters = paths.filter((path) => /^letters\/[^/]*$/.test(path));
      assert.ok(
        paths.every((path) => /\.(rtf|csv|txt|xml)$/.test(path)),
        paths.join(),
      );
      for (const path of inLetters) {
        const { uid, gid, mode } = statSync(join(place.tree, path));
        assert.deepEqual([uid, gid, mode & 0o777], [1234, 4321, 0o660]);
      }
      const contents = paths.map((path) => readFileSync(join(place.tree, path), 'utf8'));
      assert.equal(new Set(contents).size, contents.length);
      assert.equal(new Set(contents.map(({ length }) => length)).size > contents.length / 2, true);
    } finally {
      place.close();
    }
  });

  it('are taken away again, but for what somebody has written over them, and the tree is as it was', async () => {
    const place = placeWith(documents);
    try {
      await place.plant();
      assert.notEqual(place.changes(), '');
      const [first = ''] = place.planted();
      writeFileSync(join(place.tree, first), 'my own words');
      const { degraded } = await place.remove();
      assert.match(degraded.join(), /not removed, since another content lies there/);
      assert.equal(readFileSync(join(place.tree, first), 'utf8'), 'my own words');
      rmSync(join(place.tree, first));
      assert.equal(place.changes().replace(/^\.d\.\.t.*\n/gm, ''), '');
      assert.deepEqual(await place.trouble(), []);
      assert.deepEqual(place.planted(), []);
    } finally {
      place.close();
    }
  });

  it('are never written, read or removed through a link that was put in the place of a folder', async () => {
    const place = placeWith(documents);
    const outside = join(place.folder, 'outside');
    try {
      await place.plant();
      const path = place.planted().find((one) => one.includes('/')) ?? '';
      const folder = path.slice(0, path.indexOf('/'));
      execFileSync('mv', [join(place.tree, folder), outside]);
      symlinkSync(outside, join(place.tree, folder));
      const within = path.slice(folder.length + 1);
      assert.ok((await place.trouble()).some((one) => one.path === path && one.says === 'is gone'));
      await place.remove();
      assert.ok(existsSync(join(outside, within)), 'what lies outside stays');
    } finally {
      place.close();
    }
  });

  it('of a run that is killed at any place are gone when the next one has finished it, or all are there', async () => {
    const place = placeWith(documents);
    try {
      let [places, whole] = [0, false];
      for (; !whole; places += 1) {
        const life = lifeOf(places);
        const begun: Begun[] = [];
        const mortal = { ...place.world, machine: () => life.machine(machine) };
        await place
          .plant({ world: mortal, began: (step) => void begun.push(step) })
          .then(() => {
            whole = true;
          })
          .catch((error: unknown) => {
            if (life.count() < places) throw error;
          });
        await recoverDriven({ run: 'run1' as RunId, world: place.world, taken: place.folder }, begun, 1);
        if (!whole && place.planted().length === 0)
          assert.equal(place.changes().replace(/^\.d\.\.t.*\n/gm, ''), '', `killed after ${places}`);
      }
      assert.ok(places > 5 && place.planted().length > 0);
      assert.deepEqual(await place.trouble(), []);
    } finally {
      place.close();
    }
  });
});
