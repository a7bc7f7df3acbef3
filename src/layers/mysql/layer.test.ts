// What an operator is promised of the databases of a real MariaDB; its own client is asked.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import type { RestoreWish } from '../../contracts/layer.ts';
import { Fault } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { classOf } from '../../model/step.ts';
import { partsOf } from '../../values/ref.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { type Place, placeOn } from './place.test-support.ts';
import { restoreGiven } from './restore-given.ts';
import { cannotServeMariadb, type MariadbServer, startMariadb } from './server.test-support.ts';
import { contentOf, fill, quoted, strange } from './shop.test-support.ts';
import { identifier } from './sql.ts';

describe('databases of MariaDB', { skip: cannotServeMariadb() }, () => {
  let server: MariadbServer;
  let origin: Place;
  let point: RestorePoint;
  const within = async (work: (place: Place) => Promise<void>, more: Record<string, unknown> = {}) => {
    const place = placeOn(server, more);
    try {
      await work(place);
      assert.deepEqual(place.left(), []);
      assert.equal(
        server.sql(`SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'holdfast%'`),
        '0',
      );
    } finally {
      place.close();
    }
  };

  before(async () => {
    server = await startMariadb();
    for (const name of ['shop', strange, quoted]) fill(server, name);
    server.sql(`CREATE USER keeper@'10.%' IDENTIFIED BY 'old'; CREATE ROLE readers; GRANT SELECT ON shop.* TO readers; GRANT readers TO keeper@'10.%';
      GRANT UPDATE ON shop.orders TO keeper@'10.%'; GRANT EXECUTE ON PROCEDURE shop.trim_orders TO keeper@'10.%';
      CREATE USER "odd ""one'"@'%' IDENTIFIED BY 'x';`);
    origin = placeOn(server);
    const { degraded } = await origin.protect('run1');
    assert.deepEqual(degraded, []);
    const [first] = await origin.points();
    assert.ok(first !== undefined);
    point = first;
  });
  after(async () => {
    origin.close();
    await server.close();
  });

  it('are dumped one by one, with the accounts, and each says what it holds (reality 1.8a)', () =>
    within(async () => {
      const taken = takenIn(point.manifest);
      assert.deepEqual(taken.map(({ name }) => name).sort(), ['all-accounts', 'shop', strange, quoted].sort());
      const shop = taken.find(({ name }) => name === 'shop');
      assert.deepEqual(shop?.counts, {
        rows: 2001,
        tables: 3,
        filled: 2,
        views: 1,
        triggers: 1,
        routines: 2,
        events: 1,
      });
      const stored = zstdDecompressSync(readFileSync(join(point.folder, shop?.part ?? ''))).toString();
      assert.equal(stored.length > 0 && Buffer.byteLength(stored), shop?.bytes);
      assert.match(stored, /^\/\*M!999999\\- enable the sandbox mode/);
      assert.doesNotMatch(stored, /^(CREATE DATABASE|USE )/m);
      const accounts = taken.find(({ name }) => name === 'all-accounts');
      const text = zstdDecompressSync(readFileSync(join(point.folder, accounts?.part ?? ''))).toString();
      assert.match(text, /CREATE USER `keeper`@`10.%` IDENTIFIED BY PASSWORD '\*[0-9A-F]{40}'/);
      assert.match(text, /GRANT `readers` TO `keeper`@`10.%`/);
    }));

  it('come back in the place of what is there, with all that is in them; what was there is a point that is held (reality 4.7)', () =>
    within(async (place) => {
      const good = contentOf(server, 'shop');
      server.sql(
        'DELETE FROM orders WHERE id > 100; DROP VIEW recent; DROP TRIGGER stamp; DROP FUNCTION twice;',
        'shop',
      );
      assert.notDeepEqual(contentOf(server, 'shop'), good, 'the comparison sees the damage');
      await place.restore('run2', point, { only: 'shop' });
      assert.deepEqual(contentOf(server, 'shop'), good);
      assert.match(server.sql(`SHOW GRANTS FOR keeper@'10.%'`), /EXECUTE ON PROCEDURE `shop`.`trim_orders`/);
      const held = (await place.points()).find((one) => one.held !== undefined);
      assert.deepEqual(held && takenIn(held.manifest).map(({ counts }) => counts['rows']), [101]);
    }));

  it('are dropped only where that was agreed to by name; nothing else has to be', () =>
    within(async (place) => {
      const named = async (wish: Partial<RestoreWish>) =>
        (await place.planned(point, wish)).steps
          .filter((step) => classOf(step) === 'destroys')
          .map(({ subject }) => partsOf(subject).at(-1));
      assert.deepEqual(await named({ only: 'shop' }), ['shop']);
      assert.deepEqual((await named({})).sort(), ['shop', strange, quoted].sort());
      assert.deepEqual(await named({ only: 'shop', target: 'database/beside' }), []);
    }));

  it('have steps that are given each its own database alone: a plan grows by what comes back, and not by its square', () =>
    within(async (place) => {
      const { steps } = await place.planned(point, {});
      const own = steps.filter(({ id }) => /^(load|replace)-/.test(id));
      const named = own.map(({ given }) => restoreGiven.parse(given).databases.map(({ name }) => name));
      assert.deepEqual(named.flat().sort(), ['shop', 'shop', strange, strange, quoted, quoted].sort());
      assert.ok(named.every(({ length }) => length === 1));
    }));

  it('come back beside the live one, under another name, whatever they are called', () =>
    within(async (place) => {
      for (const [from, to] of [
        [strange, 'beside'],
        [quoted, `${quoted} 2`],
        ['shop', `${strange} 2`],
      ] as const) {
        await place.restore('run2', point, { only: from, target: `database/${to}` });
        assert.deepEqual(contentOf(server, to), contentOf(server, from));
        server.sql(`DROP DATABASE ${identifier(to)}`);
      }
    }));

  it('come back onto a server that has nothing: with the accounts that they belong to, and the passwords of today (reality 4.8, 2.37)', async () => {
    const other = await startMariadb();
    try {
      await within(async (place) => {
        const credentials = [{ user: 'odd "one\'', password: { file: '/run/odd' } }];
        const there = placeOn(other, { to: place.copies, credentials, secrets: { '/run/odd': `it's \\ today` } });
        const { degraded } = await there.restore('run2', point, {});
        assert.deepEqual(degraded, []);
        for (const name of ['shop', strange, quoted]) assert.deepEqual(contentOf(other, name), contentOf(server, name));
        const grants = `SHOW GRANTS FOR keeper@'10.%'; SHOW CREATE USER keeper@'10.%'; SHOW GRANTS FOR readers`;
        assert.equal(other.sql(grants), server.sql(grants));
        const hash = `SELECT PASSWORD('it\\'s \\\\ today') = authentication_string FROM mysql.user WHERE User LIKE 'odd%'`;
        assert.equal(other.sql(hash), '1');
        assert.deepEqual(there.left(), []);
        there.close();
      });
    } finally {
      await other.close();
    }
  });

  it('come back as files, byte by byte as they were dumped', () =>
    within(async (place) => {
      const target = join(place.folder, 'back');
      await place.restore('run2', point, { target });
      assert.equal(readdirSync(target).length, 4);
      for (const { name, form, sha256 } of takenIn(point.manifest)) {
        const file = readFileSync(join(target, `${encodeURIComponent(name)}.${form}`));
        assert.equal(createHash('sha256').update(file).digest('hex'), sha256);
      }
    }));

  it('are taken by an account of its own, without a password', () =>
    within(
      async (place) => {
        await place.protect('run1');
        assert.equal((await place.points()).length, 1);
      },
      { as: 'mysql', server: { host: server.socket, user: undefined, password: undefined } },
    ));

  it('that lost their rows since the last time make the run suspicious, and name it (reality 6.26)', () =>
    within(async (place) => {
      await place.protect('run1');
      server.sql(
        'CREATE DATABASE aside; CREATE TABLE aside.orders SELECT * FROM orders; SET foreign_key_checks = 0; DELETE FROM orders;',
        'shop',
      );
      try {
        const { degraded } = await place.protect('run2');
        assert.match(degraded.join(), /shop/);
      } finally {
        server.sql(
          'INSERT INTO orders (id, text, raw, shape) SELECT id, text, raw, shape FROM aside.orders; DROP DATABASE aside;',
          'shop',
        );
      }
    }));

  it('that are not there any more fail with a name, and nothing is made', () =>
    within(
      async (place) => {
        await assert.rejects(
          place.protect('run1'),
          (error) => error instanceof Fault && error.code === 'database-missing',
        );
        assert.deepEqual(await place.points(), []);
      },
      { databases: ['gone'] },
    ));

  it('of a server that is down, or refuses the login, fail with a name', () =>
    within(async (place) => {
      await server.stop();
      try {
        await assert.rejects(
          place.protect('run1'),
          (error) => error instanceof Fault && error.code === 'database-unreachable',
        );
      } finally {
        await server.start();
      }
      const wrong = placeOn({ port: server.port, password: 'wrong' });
      await assert.rejects(
        wrong.protect('run1'),
        (error) => error instanceof Fault && error.code === 'database-login-refused',
      );
      wrong.close();
    }));
});
