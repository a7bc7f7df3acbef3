// A worker that is killed after any one of the things it does beside the points, in a restore; another process leads back.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Begun, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter, toNextPlace } from '../common/mortal.test-support.ts';
import { placeOn } from './place.test-support.ts';
import { Cluster, startVault } from './stand-in.test-support.ts';

describe('a restore of a vault that is killed at any place', { timeout: 300_000 }, () => {
  it('leads back to what the vault held, or is done', async () => {
    const cluster = new Cluster('one', { 'kv/shop': 'monday' });
    const server = await startVault({ cluster });
    const place = placeOn(server);
    try {
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const ends = new Set<string>();
      let places = 0;
      for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
        cluster.put('kv/shop', 'tuesday');
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.restore(`run-${places}`, point, {}, over));
        await cluster.settled;
        const after = place.driven(`run-${places}`);
        await recoverDriven(after, begun, 2);
        await cluster.settled;
        const now = cluster.contents.data['kv/shop'] ?? '';
        const isDone = whole !== undefined || (begun.length === 2 && begun.every(({ fate }) => fate === 'done'));
        assert.equal(now, isDone ? 'monday' : 'tuesday', `killed after ${places} calls`);
        ends.add(now);
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        for (const { folder, manifest } of await place.points())
          if (manifest.run !== 'run1') rmSync(folder, { recursive: true });
      }
      assert.deepEqual(ends, new Set(['tuesday', 'monday']));
      assert.ok(places > 10, `${places} places were reached`);
    } finally {
      place.close();
      await server.close();
    }
  });
});
