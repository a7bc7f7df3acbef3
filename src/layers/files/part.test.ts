// One file or folder out of a generation: with everything that it had, compared, and nothing beside.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { everything } from '../common/trees.test-support.ts';
import { placeWith, seen, unlessRoot } from './place.test-support.ts';

describe('a part of a generation', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('comes back whole and alone, whatever its names are; what was damaged in it is seen, and what was damaged beside it is not in the way', async () => {
    const place = placeWith();
    try {
      const [wanted, beside] = ['way/wanted', 'way/beside'] as const;
      execFileSync('mkdir', ['-p', join(place.data, wanted), join(place.data, beside)]);
      everything(join(place.data, wanted));
      execFileSync('sh', [
        '-c',
        'cd "$1"; echo b >way/beside/b; ln way/wanted/one way/beside/one; chmod 2751 way; chown 7:8 way',
        'sh',
        place.data,
      ]);
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const back = join(place.back, wanted);
      const whole = async (run: string) => {
        rmSync(place.back, { recursive: true, force: true });
        return place.restore(run, point, {}, wanted);
      };
      assert.deepEqual((await whole('run2')).failed, {});
      const [data, found] = [join(place.data, wanted), back].map((tree) => seen(tree).replace(/^.* [sbc] .*\n/gm, ''));
      assert.equal(found, data, 'sockets and device nodes apart');
      assert.deepEqual(readdirSync(join(place.back, 'way')), ['wanted']);
      const { mode, uid, gid } = statSync(join(place.back, 'way'));
      assert.deepEqual([mode & 0o7777, uid, gid], [0o2751, 7, 8]);

      const tree = join(point.folder, 'tree');
      appendFileSync(join(tree, beside, 'b'), 'x');
      assert.deepEqual((await whole('run3')).failed, {}, 'another file of the point is not asked for');
      execFileSync('sh', [
        '-c',
        'touch -r "$1" "$2.t"; printf F | dd of="$1" conv=notrunc status=none; touch -r "$2.t" "$1"',
        'sh',
        join(tree, wanted, 'one'),
        place.folder,
      ]);
      await assert.rejects(whole('run4'), { code: 'point-damaged' });
      assert.equal(existsSync(back), false);
    } finally {
      place.close();
    }
  });
});
