// A worker that is killed after any one of the things it does, in a restore through a program; another process leads back.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Begun, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter, toNextPlace } from '../common/mortal.test-support.ts';
import { placeWith } from './place.test-support.ts';

describe('a restore through a program that is killed at any place', { timeout: 300_000 }, () => {
  it('leads back to what was there, or is done', async () => {
    const place = placeWith((data) => [
      {
        ...{ name: 'live', command: ['cat', join(data, 'live')] },
        restore_command: ['sh', '-c', ': > "$1"; cat >> "$1"', 'sh', join(data, 'live')],
      },
    ]);
    const live = join(place.data, 'live');
    const monday = 'monday\n'.repeat(20_000);
    try {
      writeFileSync(live, monday);
      await place.protect('run1');
      const point = await place.newest();
      const ends = new Set<string>();
      let places = 0;
      for (let whole: number | undefined; whole === undefined; places += toNextPlace) {
        writeFileSync(live, 'tuesday\n');
        const begun: Begun[] = [];
        whole = await killAfter(places, place, begun, (over) => place.restore(`run-${places}`, point, {}, over));
        await recoverDriven(place.driven(`run-${places}`), begun, 2);
        const isDone = whole !== undefined || (begun.length === 2 && begun.every(({ fate }) => fate === 'done'));
        assert.equal(readFileSync(live, 'utf8'), isDone ? monday : 'tuesday\n', `killed after ${places} calls`);
        ends.add(isDone ? 'done' : 'led back');
        assert.deepEqual(place.left(), [], `killed after ${places} calls`);
        for (const { folder, manifest } of await place.points())
          if (manifest.run !== 'run1') rmSync(folder, { recursive: true });
      }
      assert.deepEqual(ends, new Set(['led back', 'done']));
      assert.ok(places > 10, `${places} places were reached`);
    } finally {
      place.close();
    }
  });
});
