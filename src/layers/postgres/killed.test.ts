// A worker that is killed after any one of the things it does to the machine, and the recovery by another process: of a run, and of a
// restore into the place of a database that is there.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Begun, type Driven, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter, toNextPlace } from '../common/mortal.test-support.ts';
import { ownRun, type Place, placeOn } from './place.test-support.ts';
import { cannotServePostgres, type PostgresServer, startPostgres } from './server.test-support.ts';

const later = (place: Place): Driven => ({
  run: ownRun('run9'),
  world: place.world,
  taken: join(place.folder, 'taken'),
});

describe('a worker that is killed at any place', { skip: cannotServePostgres(), timeout: 900_000 }, () => {
  let server: PostgresServer;
  const rows = () => server.psql('shop', 'SELECT count(*) FROM orders');
  const hidden = () => server.psql('postgres', `SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast%'`);
  /** Most of what it does to the machine are questions: every second of them stands for its neighbour. */
  const step = toNextPlace === 1 ? 1 : toNextPlace * 2;

  before(async () => {
    server = await startPostgres();
    server.psql('postgres', 'CREATE DATABASE shop');
    server.psql('shop', 'CREATE TABLE orders (id int); INSERT INTO orders SELECT generate_series(1, 50)');
  });
  after(() => server.close());

  it('of a run leaves nothing but points that are whole, and no file to log in with', async () => {
    const place = placeOn(server, { databases: ['shop'], keep: { keep_last: 1 } });
    try {
      await place.protect('run1');
      let places = 0;
      for (let whole: number | undefined; whole === undefined; places += step) {
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.protect('run9', over));
        await recoverDriven(later(place), begun, begun.length);
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        assert.ok((await place.points()).length >= 1, `killed after ${places} calls: the last good point is there`);
      }
      assert.ok(places > 20, `${places} places were reached`);
    } finally {
      place.close();
    }
  });

  it('of a restore leads back to the database that was there, or has all of the other one in its place', async () => {
    const place = placeOn(server, { databases: ['shop'], keep: { keep_last: 100 } });
    try {
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      let [places, done] = [0, 0];
      for (let whole: number | undefined; whole === undefined; places += step) {
        server.psql('shop', 'DELETE FROM orders WHERE id > 3');
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.restore('run9', point, { only: 'shop' }, over));
        await recoverDriven(later(place), begun, 4);
        const isWhole = begun.length === 4 && begun.every(({ fate }) => fate === 'done');
        const when = `killed after ${places} calls: ${begun.map(({ step: { id }, fate }) => `${id} ${fate}`).join(', ')}`;
        assert.equal(rows(), isWhole || isSettled(begun) ? '50' : '3', when);
        assert.equal(hidden(), '0', when);
        assert.deepEqual(place.left(), [], when);
        // What was put aside stays, held; the next one has the same run.
        for (const { folder, manifest } of await place.points())
          if (manifest.run === ownRun('run9')) rmSync(folder, { recursive: true });
        if (rows() === '50') done += 1;
        else server.psql('shop', 'INSERT INTO orders SELECT generate_series(4, 50)');
      }
      assert.ok(places > 20 && done >= 1, `${places} places were reached, ${done} were done`);
    } finally {
      place.close();
    }
  });
});

/** From its last step on nothing leads back. */
const isSettled = (begun: readonly Begun[]): boolean =>
  begun.some(({ step, fate }) => step.id === 'settle' && fate === 'done');
