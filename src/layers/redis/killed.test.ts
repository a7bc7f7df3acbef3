// A worker that is killed after any one of the things it does, in a restore that replaces what a server holds, and the recovery by another
// process: the server has the one or the other, whole.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sweep } from '../../../test/sweep.test-support.ts';
import { type Begun, recoverDriven } from '../common/driver.test-support.ts';
import { placeOfDumps } from '../common/dumps/place-of-dumps.test-support.ts';
import { killAfter } from '../common/mortal.test-support.ts';
import { redis } from './layer.ts';
import { cannotServeRedis, filled, startRedis } from './server.test-support.ts';

const toNext = sweep ? 1 : 9;

describe('a worker that is killed at any place of a restore', { skip: cannotServeRedis(), timeout: 900_000 }, () => {
  it('leaves a server that has what it had, or all of the dump', async () => {
    const server = await startRedis();
    const password = { file: '/run/redis' };
    const place = placeOfDumps({
      ...{ layer: redis, password: server.password, also: [server.data] },
      entry: {
        server: { port: server.port, user: 'holdfast', password },
        ...{ restore_as: { user: 'default', password }, service: server.service, data: server.data },
      },
    });
    try {
      filled(server, 100);
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const old = server.digest();
      let [places, done] = [0, 0];
      for (let whole: number | undefined; whole === undefined; places += toNext) {
        server.cli('flushall');
        server.cli('set', 'it is', String(places));
        const now = server.digest();
        const steps = await place.steps({ point });
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.restore('run9', { point }, over));
        const reached = begun.map(({ step, fate }) => `${step.id} ${fate}`).join(', ');
        await recoverDriven(place.driven('run9'), begun, steps);
        const when = `killed after ${places} calls: ${reached}`;
        assert.deepEqual(place.left(), [], when);
        assert.ok(!existsSync(join(server.data, 'before-run9')), when);
        const has = server.digest();
        assert.ok(has === now || has === old, when);
        // What it has on its disk is that, too.
        server.stop();
        server.start();
        assert.equal(server.digest(), has, `${when}; ${readdirSync(server.data)}`);
        if (has === old) done += 1;
        // Each further point would be one more to look at, and so a place more to be killed at.
        for (const { folder, manifest } of await place.points())
          if (manifest.run === 'run9') rmSync(folder, { recursive: true });
      }
      assert.ok(places > 20 && done >= 1, `${places} places were reached, ${done} were done`);
    } finally {
      place.close();
      server.close();
    }
  });
});
