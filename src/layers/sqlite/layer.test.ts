// Databases of a folder into sealed points and back, as the engine would do it, with real sqlite3, tar and find.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { itemResultsOf } from '../../model/item-results.ts';
import { codesOf, type Driven } from '../common/driver.test-support.ts';
import { withEncrypted } from '../common/protection.test-support.ts';
import { ask, damage, database, unlessSqlite, withLog } from '../common/sqlite/databases.test-support.ts';
import { fault } from '../common/trees.test-support.ts';
import { type Place, placeWith } from './place.test-support.ts';

const skip = unlessSqlite || (process.getuid?.() !== 0 && 'it needs root: owners are kept');

async function withPlace(work: (place: Place) => Promise<void>, more: Record<string, unknown> = {}): Promise<void> {
  const place = placeWith(more);
  try {
    await work(place);
  } finally {
    place.close();
  }
}

const newest = async (place: Place) => {
  const point = (await place.points()).at(-1);
  assert.ok(point !== undefined, 'there is a point');
  return point;
};

describe('databases of a folder', { skip }, () => {
  it('come back with their rows, owners, modes, attributes and times, below names of any bytes (reality L13)', () =>
    withPlace(async (place) => {
      const deep = join(place.data, 'one', "two's", 'three', 'four', 'five', 'six');
      mkdirSync(deep, { recursive: true });
      withLog(join(deep, 'state.dat'), 1, 500);
      database(join(place.data, 'new\nline.db'), 20);
      const odd = Buffer.concat([Buffer.from(`${place.data}/`), Buffer.of(0xff, 0xfe)]);
      writeFileSync(odd, readFileSync(join(place.data, 'new\nline.db')));
      chownSync(join(deep, 'state.dat'), 1234, 4321);
      chmodSync(join(deep, 'state.dat'), 0o640);
      chownSync(deep, 1234, 1234);
      chmodSync(deep, 0o2750);
      execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', join(deep, 'state.dat')]);
      utimesSync(join(deep, 'state.dat'), 1e9, 1e9);
      utimesSync(deep, 9e8, 9e8);
      const { degraded } = await place.protect('run1');
      assert.deepEqual(degraded, []);
      const point = await newest(place);
      assert.deepEqual(
        place.results(point).map(({ state }) => state),
        ['whole', 'whole', 'whole'],
      );
      await place.restore('run2', point);
      const back = join(place.back, 'one', "two's", 'three', 'four', 'five', 'six');
      assert.equal(ask(join(back, 'state.dat'), 'SELECT count(*) FROM notes'), '501');
      const is = statSync(join(back, 'state.dat'));
      assert.deepEqual([is.uid, is.gid, is.mode & 0o7777], [1234, 4321, 0o640]);
      assert.deepEqual([statSync(back).uid, statSync(back).mode & 0o7777], [1234, 0o2750]);
      assert.match(execFileSync('getfattr', ['-d', join(back, 'state.dat')], { encoding: 'utf8' }), /user.note="kept"/);
      assert.ok(existsSync(Buffer.concat([Buffer.from(`${place.back}/`), Buffer.of(0xff, 0xfe)])));
      assert.equal(existsSync(join(back, 'state.dat-wal')), false, 'what was in the log is in the database');
      assert.deepEqual(place.left(), []);
    }));

  it('are counted, and what SQLite says of each stands in the point and in the result of the run', () =>
    withPlace(async (place) => {
      database(join(place.data, 'a.db'), 7);
      database(join(place.data, 'b.db'), 9, 'wal');
      const { results } = await place.protect('run1');
      const [result] = Object.entries(results).flatMap(([path, one]) => (path === 'look>copy' ? [one] : []));
      assert.ok(result !== undefined);
      const { items, databases } = itemResultsOf(result);
      assert.deepEqual(
        items?.map(({ name, done }) => [name, done]),
        [[place.data, true]],
      );
      assert.deepEqual(
        databases?.map(({ name, ok }) => [name, ok]),
        [
          [`${place.data}: a.db`, true],
          [`${place.data}: b.db`, true],
        ],
      );
      assert.deepEqual(
        place.results(await newest(place)).map(({ rows }) => rows),
        [{ notes: 7 }, { notes: 9 }],
      );
    }));

  it('one of which is damaged: the run is degraded, the others are copied, and no older point goes (reality 6.11, 6.27)', () =>
    withPlace(async (place) => {
      database(join(place.data, 'good.db'));
      database(join(place.data, 'bad.db'), 3000);
      await place.protect('run1');
      damage(join(place.data, 'bad.db'));
      for (const run of ['run2', 'run3', 'run4']) {
        const { degraded, notes } = await place.protect(run);
        assert.match(degraded.join(), /bad\.db is damaged/);
        assert.doesNotMatch(degraded.join(), /good\.db/);
        if (run === 'run4') assert.match(notes.map(({ says }) => says).join(), /kept: bad\.db may be whole only there/);
      }
      const points = await place.points();
      assert.equal(points.length, 4, 'keep_last: 2 has removed none');
      const [first, , , last] = points;
      assert.ok(first !== undefined && last !== undefined);
      await place.restore('run5', first);
      assert.equal(ask(join(place.back, 'bad.db'), 'PRAGMA integrity_check'), 'ok');
      rmSync(place.back, { recursive: true });
      const { degraded } = await place.restore('run6', last);
      assert.match(degraded.join(), /bad\.db was not whole/);
      assert.deepEqual(readFileSync(join(place.back, 'bad.db')), readFileSync(join(place.data, 'bad.db')));
    }));

  it('are pruned as ever once all are whole again (control)', () =>
    withPlace(async (place) => {
      database(join(place.data, 'a.db'));
      for (const run of ['run1', 'run2', 'run3', 'run4']) await place.protect(run);
      assert.equal((await place.points()).length, 2);
    }));

  it('one of which lost its very header is missed by its name, not silently left out', () =>
    withPlace(async (place) => {
      database(join(place.data, 'a.db'));
      database(join(place.data, 'b.db'));
      await place.protect('run1');
      writeFileSync(join(place.data, 'b.db'), Buffer.alloc(8192));
      const { degraded } = await place.protect('run2');
      assert.match(degraded.join(), /b\.db is missing: it was a database the last time/);
      rmSync(join(place.data, 'b.db'));
      assert.deepEqual((await place.protect('run3')).degraded, [], 'one that was deleted is no failure');
    }));

  it('none of which is there makes no point and removes none (reality L3, 6.12)', () =>
    withPlace(async (place) => {
      database(join(place.data, 'a.db'));
      await place.protect('run1');
      rmSync(join(place.data, 'a.db'));
      assert.deepEqual(codesOf(await place.protect('run2')), ['no-databases']);
      rmSync(place.data, { recursive: true });
      assert.deepEqual(codesOf(await place.protect('run3')), ['folder-missing']);
      assert.equal((await place.points()).length, 1);
      assert.deepEqual(place.left(), []);
    }));

  it('that are left out are left out with a reason, and an exclusion past its date is said', () =>
    withPlace(
      async (place) => {
        mkdirSync(join(place.data, 'cache'));
        for (const name of ['a.db', 'b.db', 'cache/c.db', 'cached.db']) database(join(place.data, name));
        const { notes, log } = await place.protect('run1');
        const names = place.results(await newest(place)).map(({ path }) => path);
        assert.deepEqual(names, ['a.db', 'cached.db']);
        assert.match(log.join('\n'), /left out, as declared: b\.db/);
        assert.match(notes.map(({ says }) => says).join(), /cache\/ was to be looked at again by 2020-01-01 \(me\)/);
      },
      {
        exclude: [
          { database: 'b.db', reason: 'is made anew', owner: 'me', review_by: '2999-01-01' },
          { database: 'cache/', reason: 'is made anew', owner: 'me', review_by: '2020-01-01' },
          { database: 'a.db', workload: 'other/claim', reason: 'elsewhere', owner: 'me', review_by: '2999-01-01' },
        ],
      },
    ));

  it('are encrypted to a recipient before they lie beside other points, and come back with the identity only', async (t) => {
    let key: string;
    try {
      key = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return t.skip('it needs age');
    }
    const recipient = /age1\w+/.exec(key)?.[0] ?? '';
    await withPlace(
      async (place) => {
        database(join(place.data, 'a.db'), 50);
        await place.protect('run1');
        const point = await newest(place);
        assert.deepEqual(readdirSync(point.folder).sort(), [
          'contents.tar.age',
          'databases.ndjson.age',
          'listing.ndjson.age',
          'manifest.json',
        ]);
        await assert.rejects(place.restore('run2', point), fault('identity-missing'));
        assert.deepEqual(place.left(), []);
      },
      { encrypt_to: [recipient] },
    );
  });
});

describe('databases by name', { skip }, () => {
  it('of an encrypted disk are copied to no disk in the clear, and to one that is encrypted (reality L14)', () =>
    withPlace(async (place) => {
      database(join(place.data, 'app.db'), 20);
      const on = (folder: string): Partial<Driven> => ({
        world: { ...place.world, machine: (name) => withEncrypted(place.world.machine(name), folder) },
      });
      assert.deepEqual(codesOf(await place.protect('run1', on(place.data))), ['copy-less-protected']);
      assert.deepEqual(await place.points(), []);
      assert.deepEqual(codesOf(await place.protect('run2', on(place.folder))), []);
      assert.equal((await place.points()).length, 1);
    }));

  it('are copied from wherever they are, and one that is not there is missed', async () => {
    const other = placeWith();
    try {
      mkdirSync(join(other.data, 'x'));
      database(join(other.data, 'x', 'one.db'), 5);
      database(join(other.data, 'x', 'two.db'), 6);
      await withPlace(
        async (place) => {
          const { degraded } = await place.protect('run1');
          assert.match(degraded.join(), /could not be looked into: .*absent\.db: No such file/);
          const point = await newest(place);
          await place.restore('run2', point);
          assert.equal(ask(join(place.back, other.data, 'x', 'two.db'), 'SELECT count(*) FROM notes'), '6');
        },
        { from: { files: [join(other.data, 'x', '*.db'), join(other.data, 'absent.db')] } },
      );
    } finally {
      other.close();
    }
  });
});

describe('an entry of databases', () => {
  const entry = (more: object) => () => {
    const place = placeWith(more as Record<string, unknown>);
    place.close();
  };
  it('says where its copies go, unless it only checks', () => {
    assert.throws(entry({ to: undefined }), /the folder that restore points go below/);
    assert.throws(entry({ only_check: true, from: { files: ['/a'] } }), /has no use with/);
    assert.throws(entry({ only_check: true, to: undefined }), /each database is named/);
    entry({ only_check: true, to: undefined, from: { files: ['/a'] } })();
  });
  it('never copies into the folder that it searches', () => {
    assert.throws(entry({ from: { folder: '/srv' }, to: '/srv/backup' }), /lies within the folder/);
    entry({ from: { folder: '/srv' }, to: '/srv2' })();
  });
});
