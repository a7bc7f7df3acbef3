// A tracker on a real folder, by each way to listen, as a consumer sees it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  acknowledged,
  caughtUp,
  inPlace,
  type Place,
  paths,
  read,
  seen,
  started,
  until,
} from './tracker.test-support.ts';

const root = process.getuid?.() === 0;
const kinds = ['fanotify', 'inotify'] as const;

for (const kind of kinds) {
  const options = kind === 'fanotify' && !root ? { skip: 'fanotify for a file system needs root' } : {};
  describe(`a folder that ${kind} follows`, options, () => {
    const at = ({ folder }: Place, name: string) => join(folder, name);
    const following = (work: (place: Place) => Promise<void>, prepare: (place: Place) => void = () => {}) =>
      inPlace(async (place) => {
        prepare(place);
        const tracker = await started(place, { kind, excluded: ['cache', 'a/b/skip'] });
        try {
          await caughtUp(place);
          await work(place);
        } finally {
          await tracker.stop();
        }
      });

    it(
      'is told file by file: written, changed in its attributes, removed',
      following(
        async (place) => {
          writeFileSync(at(place, 'new'), 'x');
          chmodSync(at(place, 'old/mode'), 0o600);
          rmSync(at(place, 'old/gone'));
          assert.deepEqual(
            paths(await seen(place)),
            ['new', 'old', 'old/gone', 'old/mode'].filter((path) => path !== 'old'),
          );
          assert.deepEqual((await read(place)).rescans, []);
        },
        (place) => {
          mkdirSync(at(place, 'old'));
          for (const name of ['mode', 'gone', 'left']) writeFileSync(at(place, `old/${name}`), name);
        },
      ),
    );

    it(
      'is told with both names of what was moved, and changes before under the name of now',
      following(
        async (place) => {
          writeFileSync(at(place, 'a/x'), 'new');
          await seen(place);
          renameSync(at(place, 'a'), at(place, 'b'));
          writeFileSync(at(place, 'b/y'), 'new');
          renameSync(at(place, 'b'), at(place, 'c'));
          const changes = await seen(place);
          assert.deepEqual(
            changes.renamed.map(({ from, to, now }) => [from, to, now]),
            [
              ['a', 'b', 'c'],
              ['b', 'c', 'c'],
            ],
          );
          for (const path of ['a', 'c', 'c/x', 'c/y']) assert.ok(paths(changes).includes(path), path);
          assert.deepEqual(
            changes.rescans.map(({ path, why }) => [path, why]),
            [['b', 'replaced']],
            'a mirror may have another folder of that name',
          );
          assert.ok(!paths(changes).includes('c/z'), 'control: what did not change');
        },
        (place) => {
          mkdirSync(at(place, 'a'));
          for (const name of ['x', 'y', 'z']) writeFileSync(at(place, `a/${name}`), name);
        },
      ),
    );

    it(
      'knows names of every kind',
      following(async (place) => {
        const names = [
          'new\nline',
          '-rf',
          '$(touch x)',
          ' blanks ',
          'gone (deleted)',
          '"quoted"',
          '\\',
          'ü',
          'x'.repeat(255),
        ];
        for (const name of names) writeFileSync(at(place, name), name);
        writeFileSync(Buffer.concat([Buffer.from(`${place.folder}/`), Buffer.of(0xff, 0xfe)]), 'no UTF-8');
        const { touched } = await seen(place);
        const expected = [...names.map((name) => Buffer.from(name).toString('latin1')), '\xff\xfe'].sort();
        assert.deepEqual(
          touched.map(({ path }) => path),
          expected,
        );
      }),
    );

    it(
      'is a subtree to look through where a tree is moved in as a whole, and nothing else is',
      following(
        async (place) => {
          renameSync(join(place.base, 'outside'), at(place, 'moved-in'));
          const { rescans } = await seen(place);
          assert.deepEqual(
            rescans.map(({ path, why }) => [path, why]),
            [['moved-in', 'moved-in']],
          );
          writeFileSync(at(place, 'moved-in/d/later'), 'x');
          await acknowledged(place, await seen(place));
          writeFileSync(at(place, 'moved-in/d/later'), 'y');
          assert.deepEqual(paths(await seen(place)), ['moved-in/d/later'], 'it is followed from then on');
        },
        ({ base }) => {
          mkdirSync(join(base, 'outside', 'd'), { recursive: true });
          for (let nth = 0; nth < 10_000; nth += 1) writeFileSync(join(base, 'outside', 'd', `${nth}`), '');
        },
      ),
    );

    it(
      'is told of what left it, and of nothing that happens to that elsewhere',
      following(
        async (place) => {
          renameSync(at(place, 'a'), join(place.base, 'left'));
          const changes = await seen(place);
          assert.deepEqual(paths(changes), ['a']);
          await acknowledged(place, changes);
          writeFileSync(join(place.base, 'left', 'd', 'x'), 'x');
          writeFileSync(join(place.base, 'beside'), 'x');
          assert.deepEqual(paths(await seen(place)), []);
        },
        (place) => mkdirSync(at(place, 'a/d'), { recursive: true }),
      ),
    );

    it(
      'says nothing of what is excluded, also when it is moved out of there or into it',
      following(
        async (place) => {
          writeFileSync(at(place, 'cache/x'), 'x');
          mkdirSync(at(place, 'a/b/skip/below'), { recursive: true });
          writeFileSync(at(place, 'a/b/skip/below/y'), 'y');
          writeFileSync(at(place, 'a/b/skipped'), 'control');
          const all = [...(await seen(place)).touched, ...(await seen(place)).rescans].map(({ path }) => path);
          assert.ok(
            all.some((path) => path === 'a/b/skipped' || path === 'a'),
            'control',
          );
          assert.deepEqual(
            all.filter((path) => path.startsWith('cache') || path.startsWith('a/b/skip/')),
            [],
          );
          await acknowledged(place, await seen(place));
          renameSync(at(place, 'cache/tree'), at(place, 'out'));
          renameSync(at(place, 'in'), at(place, 'cache/in'));
          writeFileSync(at(place, 'cache/in/z'), 'z');
          const moved = await seen(place);
          assert.deepEqual(
            moved.rescans.map(({ path }) => path),
            ['out'],
          );
          assert.ok(paths(moved).includes('in'));
          assert.deepEqual(
            paths(moved).filter((path) => path.startsWith('cache/')),
            [],
          );
        },
        (place) => {
          mkdirSync(at(place, 'cache/tree/d'), { recursive: true });
          mkdirSync(at(place, 'in/d'), { recursive: true });
        },
      ),
    );

    it(
      'finds each file of folders that are made and filled at once',
      following(async (place) => {
        const deep = Array.from({ length: 40 }, (_, nth) => `f${nth}`).join('/');
        mkdirSync(at(place, deep), { recursive: true });
        writeFileSync(at(place, `${deep}/file`), 'x');
        const { touched, rescans } = await seen(place);
        const covered =
          touched.some(({ path }) => path === `${deep}/file`) || rescans.some(({ path }) => deep.startsWith(path));
        assert.ok(covered);
        await acknowledged(place, await seen(place));
        writeFileSync(at(place, `${deep}/file`), 'y');
        assert.deepEqual(paths(await seen(place)), [`${deep}/file`]);
      }),
    );

    it(
      'is told of a file that stays open while it is written to',
      following(
        async (place) => {
          const file = openSync(at(place, 'log'), 'a');
          try {
            await acknowledged(place, await seen(place));
            writeSync(file, 'more');
            // Only what else happens makes it come sooner than in half a minute.
            renameSync(at(place, 'some'), at(place, 'other'));
            assert.ok(paths(await seen(place)).includes('log'));
          } finally {
            closeSync(file);
          }
        },
        (place) => writeFileSync(at(place, 'some'), ''),
      ),
    );

    it(
      'brings what changes while it is consumed once more (reality 6.16)',
      following(async (place) => {
        writeFileSync(at(place, 'busy'), 'one');
        const consumed = await seen(place);
        appendFileSync(at(place, 'busy'), 'two');
        const again = await seen(place);
        assert.deepEqual(paths(again), ['busy']);
        await acknowledged(place, consumed);
        assert.deepEqual(paths(await seen(place)), ['busy'], 'what was acknowledged does not cover it');
        await acknowledged(place, again);
        assert.deepEqual(paths(await seen(place)), [], 'control');
      }),
    );

    it(
      'keeps for each consumer what that one has not acknowledged (reality 2.9, L6)',
      following(async (place) => {
        await caughtUp(place, 'two');
        writeFileSync(at(place, 'first'), '');
        await acknowledged(place, await seen(place));
        writeFileSync(at(place, 'second'), '');
        assert.deepEqual(paths(await seen(place)), ['second']);
        assert.deepEqual(paths(await seen(place, 'two')), ['first', 'second']);
      }),
    );

    it(
      'leads nowhere by a link that is put in the place of a folder',
      following(
        async (place) => {
          mkdirSync(join(place.base, 'secret', 'd'), { recursive: true });
          renameSync(at(place, 'a'), at(place, 'b'));
          execFileSync('ln', ['-s', join(place.base, 'secret'), at(place, 'a')]);
          await acknowledged(place, await seen(place));
          writeFileSync(join(place.base, 'secret', 'd', 'file'), 'x');
          writeFileSync(at(place, 'b/file'), 'control');
          assert.deepEqual(paths(await seen(place)), ['b/file']);
        },
        (place) => mkdirSync(at(place, 'a')),
      ),
    );

    it(
      'is told of nothing that its own journal does in it',
      inPlace(async (outer) => {
        const place = { ...outer, journal: join(outer.folder, 'journal') };
        const tracker = await started(place, { kind });
        await caughtUp(place);
        writeFileSync(at(place, 'x'), '');
        const changes = await seen(place);
        assert.deepEqual(paths(changes), ['x']);
        await tracker.stop();
        await until(
          () => read(place),
          ({ watch }) => watch.state === 'silent',
        );
      }),
    );
  });
}
