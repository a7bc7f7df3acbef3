// What an operator is promised of the databases of a real PostgreSQL; psql is asked.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../fault.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { type Place, placeOn } from './place.test-support.ts';
import { cannotServePostgres, type PostgresServer, startPostgres } from './server.test-support.ts';

const strange = `it's a "strange" \\ näme; $(x)`;
const quoted = `"${strange.replaceAll('"', '""')}"`;

describe('databases of PostgreSQL', { skip: cannotServePostgres() }, () => {
  let server: PostgresServer;
  const within = async (work: (place: Place) => Promise<void>, more: Record<string, unknown> = {}) => {
    const place = placeOn(server, more);
    try {
      await work(place);
      assert.deepEqual(place.left(), []);
    } finally {
      place.close();
    }
  };
  const rows = (database: string) =>
    server.psql(database, 'SELECT count(*), coalesce(sum(length(text)), 0) FROM shop.orders');

  before(async () => {
    server = await startPostgres();
    server.psql('postgres', `CREATE ROLE keeper LOGIN PASSWORD 'old'; CREATE ROLE "odd ""one""";`);
    for (const name of ['"shop"', quoted]) server.psql('postgres', `CREATE DATABASE ${name} OWNER keeper`);
    for (const name of ['shop', strange])
      server.psql(
        name,
        `CREATE SCHEMA shop AUTHORIZATION keeper; SET ROLE keeper; CREATE TABLE shop.orders (id serial PRIMARY KEY, text text);
         INSERT INTO shop.orders (text) SELECT md5(i::text) FROM generate_series(1, 2000) i; CREATE TABLE shop."empty one" (id int);
         CREATE VIEW shop.recent AS SELECT * FROM shop.orders WHERE id > 1990;
         CREATE FUNCTION shop.twice(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2';`,
      );
    server.psql(
      'postgres',
      `ALTER DATABASE shop SET search_path TO shop, public; COMMENT ON DATABASE shop IS 'the one';`,
    );
  });
  after(() => server.close());

  it('are dumped one by one, with the roles, and each says what it holds (reality 1.8a)', () =>
    within(async (place) => {
      const { degraded } = await place.protect('run1');
      assert.deepEqual(degraded, []);
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const taken = takenIn(point.manifest);
      assert.deepEqual(
        taken.map(({ name }) => name).sort(),
        ['all-roles', 'postgres', 'shop', strange, 'template1'].sort(),
      );
      const shop = taken.find(({ name }) => name === 'shop');
      assert.deepEqual(shop?.counts, { rows: 2000, tables: 2, filled: 1 });
      const stored = zstdDecompressSync(readFileSync(join(point.folder, shop?.part ?? '')));
      assert.equal(stored.subarray(0, 5).toString(), 'PGDMP');
      assert.equal(stored.length, shop?.bytes);
      const roles = taken.find(({ form }) => form === 'sql');
      const text = zstdDecompressSync(readFileSync(join(point.folder, roles?.part ?? ''))).toString();
      assert.match(text, /ALTER ROLE keeper .*PASSWORD 'SCRAM-SHA-256/);
    }));

  it('come back in the place of what is there: rows, owners, settings; what was there is a point that is held (reality 4.5)', () =>
    within(async (place) => {
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const good = rows('shop');
      server.psql('shop', `DELETE FROM shop.orders WHERE id > 100; DROP VIEW shop.recent;`);
      await place.restore('run2', point, { only: 'shop' });
      assert.equal(rows('shop'), good);
      assert.equal(server.psql('shop', 'SELECT count(*) FROM recent'), '10', 'the search path of the database is set');
      assert.equal(
        server.psql(
          'shop',
          `SELECT shoBJ_description(oid, 'pg_database') || pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'`,
        ),
        'the onekeeper',
      );
      assert.equal(server.psql('postgres', `SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast%'`), '0');
      const held = (await place.points()).find((one) => one.held !== undefined);
      assert.deepEqual(held && takenIn(held.manifest).map(({ counts }) => counts['rows']), [100]);
    }));

  it('come back beside the live one, under another name, whatever they are called', () =>
    within(async (place) => {
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      await place.restore('run2', point, { only: strange, target: 'database/beside' });
      assert.equal(rows('beside'), rows(strange));
      server.psql('postgres', 'DROP DATABASE beside');
    }));

  it('come back onto a server that has nothing: with the roles that they belong to (reality 4.4)', async () => {
    const other = await startPostgres();
    try {
      await within(async (place) => {
        await place.protect('run1');
        const [point] = await place.points();
        assert.ok(point !== undefined);
        const there = placeOn(other, { to: place.copies });
        await there.restore('run2', point, {});
        assert.equal(other.psql('shop', 'SELECT count(*) FROM shop.orders'), '2000');
        assert.equal(other.psql(strange, 'SELECT shop.twice(21)'), '42');
        assert.equal(
          other.psql('postgres', `SELECT rolpassword FROM pg_authid WHERE rolname = 'keeper'`),
          server.psql('postgres', `SELECT rolpassword FROM pg_authid WHERE rolname = 'keeper'`),
        );
        there.close();
      });
    } finally {
      other.close();
    }
  });

  it('come back as files that pg_restore reads', () =>
    within(async (place) => {
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const target = join(place.folder, 'back');
      await place.restore('run2', point, { target });
      assert.equal(readdirSync(target).length, 5);
      assert.equal(readFileSync(join(target, 'shop.dump')).subarray(0, 5).toString(), 'PGDMP');
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
      server.stop();
      try {
        await assert.rejects(
          place.protect('run1'),
          (error) => error instanceof Fault && error.code === 'database-unreachable',
        );
      } finally {
        server.start();
      }
      const wrong = placeOn({ port: server.port, password: 'wrong' });
      await assert.rejects(
        wrong.protect('run1'),
        (error) => error instanceof Fault && error.code === 'database-login-refused',
      );
      wrong.close();
    }));
});
