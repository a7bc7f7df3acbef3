// A run that is stopped in the middle (Ctrl-C, `cancel`) leads back in its own process.
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { everything, sh } from '../common/trees.test-support.ts';
import { type Place, placeWith, unlessMounting } from './place.test-support.ts';

describe('an interruption', { skip: unlessMounting }, () => {
  let place: Place;
  before(async () => {
    place = placeWith(everything);
    await place.protect('run1');
  });
  after(() => place.close());

  for (const moment of [
    'open begins',
    'open looking at what is there',
    'open>copy begins',
    'open>copy listing what is there',
    'open>copy writing contents.tar',
    'open>copy reading back contents.tar',
  ])
    it(`of a copy (${moment}) leaves no mount, loop device or partial point`, async () => {
      const before = await place.points();
      const stop = new AbortController();
      const reason = new Error('told to stop');
      const seen: string[] = [];
      const interrupt = (now: string) => {
        seen.push(now);
        if (now === moment) stop.abort(reason);
      };
      await assert.rejects(place.protect('run2', { at: interrupt, signal: stop.signal }), (error) => error === reason);
      assert.ok(seen.includes(moment), seen.join('; '));
      assert.deepEqual(place.left(), []);
      assert.deepEqual(await place.points(), before);
    });

  for (const moment of [
    ...['unpack begins', 'unpack unpacking contents.tar', 'unpack ends', 'settle begins'],
    'settle listing what is there',
  ])
    it(`of a restore (${moment}) leaves the target as it was, whether it was there or not`, async () => {
      const [point] = await place.points();
      assert.ok(point !== undefined);
      for (const there of [false, true]) {
        if (there) sh('mkdir -m 2751 back; chown 12:34 back', place.folder);
        const stop = new AbortController();
        const reason = new Error('told to stop');
        const interrupt = (now: string) => {
          if (now === moment) stop.abort(reason);
        };
        await assert.rejects(
          place.restore('run3', point, { at: interrupt, signal: stop.signal }),
          (error) => error === reason,
        );
        if (!there) assert.equal(existsSync(place.back), false);
        else assert.equal(sh('stat -c "%a %u %g" back; ls -A back', place.folder), '2751 12 34\n');
        assert.deepEqual(place.left(), []);
        rmSync(place.back, { recursive: true, force: true });
      }
    });
});
