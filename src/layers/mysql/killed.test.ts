// A restore of a real MariaDB that is interrupted: by a worker that is killed after any one of the things it does, by a login that may
// not do all of it, by somebody who will not let go.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sweep } from '../../../test/sweep.test-support.ts';
import { Fault } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { type Begun, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter } from '../common/mortal.test-support.ts';
import { type Place, placeOn } from './place.test-support.ts';
import { replacingName } from './restore-given.ts';
import { cannotServeMariadb, type MariadbServer, startMariadb } from './server.test-support.ts';
import { contentOf, fill } from './shop.test-support.ts';
import { identifier } from './sql.ts';

/** A restore takes seconds on two cores: CI meets each kind of step, the sweep each call. */
const toNextPlace = sweep ? 1 : 27;

describe('a restore that is interrupted', { skip: cannotServeMariadb(), timeout: 900_000 }, () => {
  let server: MariadbServer;
  let place: Place;
  let point: RestorePoint;
  let good: readonly string[];
  before(async () => {
    server = await startMariadb();
    fill(server, 'shop');
    server.sql(`CREATE USER gone@'%' IDENTIFIED BY 'x'; GRANT SELECT ON shop.* TO gone@'%'`);
    good = contentOf(server, 'shop');
    place = placeOn(server);
    await place.protect('run1');
    const [first] = await place.points();
    assert.ok(first !== undefined);
    point = first;
    server.sql('DROP USER gone; DELETE FROM shop.orders WHERE id > 100; DROP VIEW shop.recent;');
  });
  after(async () => {
    place.close();
    await server.close();
  });
  const leftOn = () =>
    server.sql(`SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'holdfast%'`);
  const gone = () => server.sql(`SELECT COUNT(*) FROM mysql.user WHERE User = 'gone'`);

  it('leads back to what was there, or has all of it in place, wherever its worker is killed', async () => {
    const damaged = contentOf(server, 'shop');
    let [places, back, done] = [0, 0, 0];
    for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
      const named = `run${1000 + places}`;
      const run = place.runOf(named);
      const begun: Begun[] = [];
      whole = await killAfter(places, place, begun, (over) => place.restore(named, point, { only: 'shop' }, over));
      const reached = begun.map(({ step, fate }) => `${step.id} ${fate}`).join(', ');
      await recoverDriven({ run, world: place.world, taken: join(place.folder, 'taken') }, begun, 6);
      const when = `killed after ${places} calls: ${reached}`;
      const now = contentOf(server, 'shop');
      const all = begun.length === 6 && begun.every(({ fate }) => fate === 'done');
      const isWhole = all || (begun.length === 6 && now.join() === good.join());
      assert.deepEqual(now, isWhole ? good : damaged, when);
      assert.equal(gone(), isWhole ? '1' : '0', when);
      if (isWhole) {
        done += 1;
        server.sql('DROP USER IF EXISTS gone; DELETE FROM shop.orders WHERE id > 100; DROP VIEW shop.recent;');
        assert.deepEqual(contentOf(server, 'shop'), damaged);
      } else back += 1;
      assert.deepEqual([leftOn(), place.left()], ['', []], when);
    }
    assert.ok(back >= 3 && done >= 1, `${back} led back, ${done} were done`);
  });

  it('replaces nothing where its login may not write for another account, and says which right that takes', async () => {
    server.sql(`CREATE USER IF NOT EXISTS gone; CREATE USER part@'%' IDENTIFIED BY 'pw';
      GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES, CREATE VIEW, SHOW VIEW, TRIGGER, EVENT, CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON *.* TO part@'%'`);
    const now = contentOf(server, 'shop');
    const weak = placeOn(server, {
      ...{ to: place.copies, restore_as: { user: 'part', password: { file: '/run/part' } } },
      secrets: { '/run/part': 'pw' },
    });
    await assert.rejects(
      weak.restore('run3', { ...point, manifest: { ...point.manifest } }, { only: 'shop' }),
      (error) => error instanceof Fault && error.code === 'definer-not-allowed' && /load|asking/.test(error.says),
    );
    assert.deepEqual([contentOf(server, 'shop'), leftOn(), weak.left()], [now, '', []]);
    weak.close();
  });

  it('drops nothing on its way back where what leads back cannot be read', async () => {
    const now = contentOf(server, 'shop');
    const mark = replacingName(place.runOf('run5'), 0);
    const at = async (moment: string) => {
      if (moment !== 'replace-0 begins') return;
      // As after a crash behind the mark: the live one is still there.
      server.sql(`CREATE DATABASE ${identifier(mark)}`);
      const held = (await place.points()).find(({ manifest: { id } }) => id.includes('run5'));
      rmSync(join(held?.folder ?? '', 'manifest.json'));
    };
    await assert.rejects(
      place.restore('run5', point, { only: 'shop' }, { at }),
      (error) => error instanceof Fault && error.code === 'point-damaged',
    );
    assert.deepEqual(contentOf(server, 'shop'), now);
    assert.equal(leftOn(), mark, 'it can be tried again');
    server.sql(`DROP DATABASE ${identifier(mark)}`);
  });

  it('fills a database that its server cannot drop any more, on its way there and on its way back, and says why', async () => {
    server.sql('DELETE FROM shop.orders WHERE id > 100;');
    const now = contentOf(server, 'shop');
    // As a server leaves them that is killed while it drops one with a FULLTEXT index.
    const file = join(server.sql('SELECT @@datadir'), 'shop', 'FTS_1_CONFIG.ibd');
    writeFileSync(file, '');
    let isFirst = true;
    const stopped = (moment: string) => {
      if (moment !== 'replace-0 reading shop' || !isFirst) return;
      isFirst = false;
      throw new Error('stopped');
    };
    await assert.rejects(place.restore('run6', point, { only: 'shop' }, { at: stopped }), /stopped/);
    assert.deepEqual([contentOf(server, 'shop'), leftOn()], [now, ''], 'it is led back');
    const { degraded } = await place.restore('run7', point, { only: 'shop' });
    assert.match(degraded.join(), /shop: files that its server does not know/);
    assert.deepEqual([contentOf(server, 'shop'), leftOn()], [good, '']);
    rmSync(file);
  });

  it('names who is connected before anybody agrees to it, and sends them away', async () => {
    const held = spawn('mariadb', ['--no-defaults', `--socket=${server.socket}`, '--unbuffered', '--batch', 'shop'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = once(held, 'exit');
    held.stdin.write('BEGIN; SELECT COUNT(*) FROM orders;\n');
    await once(held.stdout, 'data');
    const { steps } = await place.planned(point, { only: 'shop' });
    const replacing = steps.find(({ id }) => id === 'replace-0');
    assert.match(String(replacing?.means), /root from localhost \(1 connection\)/);
    await place.restore('run4', point, { only: 'shop' });
    assert.deepEqual(contentOf(server, 'shop'), good);
    held.stdin.write('SELECT 1;\n');
    await ended;
  });
});
