// A worker that is killed in a restore that replaces what a server holds, and the recovery by another process.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sweep } from '../../../test/sweep.test-support.ts';
import { type Begun, recoverDriven } from '../common/driver.test-support.ts';
import { placeOfDumps } from '../common/dumps/place-of-dumps.test-support.ts';
import { killAfter } from '../common/mortal.test-support.ts';
import { etcd } from './layer.ts';
import { cannotServeEtcd, startEtcd } from './server.test-support.ts';

const toNext = sweep ? 1 : 25;

describe('a worker that is killed at any place of a restore', { skip: cannotServeEtcd(), timeout: 900_000 }, () => {
  it('leaves a member that has what it had, or all of the snapshot', async () => {
    const server = await startEtcd();
    const staging = join(server.folder, 'staging');
    mkdirSync(staging);
    const entry = { server: { url: server.url }, service: server.service, data: server.data, staging };
    const place = placeOfDumps({ layer: etcd, entry, also: [server.data, staging] });
    const all = () => server.ctl('get', '', '--from-key');
    try {
      server.put({ a: '1', b: '2' });
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const old = all();
      let [places, done] = [0, 0];
      for (let whole: number | undefined; whole === undefined; places += toNext) {
        server.put({ a: `now ${places}` });
        const now = all();
        const steps = await place.steps({ point });
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.restore('run9', { point }, over));
        const reached = begun.map(({ step, fate }) => `${step.id} ${fate}`).join(', ');
        await recoverDriven(place.driven('run9'), begun, steps);
        const when = `killed after ${places} calls: ${reached}`;
        assert.deepEqual(place.left(), [], when);
        assert.deepEqual(readdirSync(staging), [], when);
        assert.ok(!existsSync(join(server.data, 'before-run9')), when);
        const has = all();
        assert.ok(has === now || has === old, when);
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
