// A folder of the share that becomes a link out of it, and a folder again, as fast as rename(2) can.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { changed, placeWith } from './place.test-support.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept, and the share is mounted without links';
const treeOf = (folder: string): string =>
  execFileSync('sh', ['-c', 'cd "$1" && find . -type f -exec sha256sum {} + | sort', 'sh', folder]).toString();

describe('a folder that is swapped for a link while a run goes on', { skip, timeout: 300_000 }, () => {
  it('brings nothing from outside, and has nothing written there', async () => {
    const place = placeWith({ budget: 100 });
    try {
      const outside = join(place.folder, 'outside');
      const swapped = join(place.share, 'swapped');
      for (const [folder, content] of [
        [outside, 'secret'],
        [swapped, 'mine'],
      ] as const) {
        mkdirSync(folder);
        for (let nth = 0; nth < 200; nth += 1) writeFileSync(join(folder, `${nth}`), content);
      }
      await place.protect('run0');
      const before = treeOf(outside);
      symlinkSync(outside, join(place.share, 'link'));
      // Each state lasts about as long as a tool takes for some files.
      const script =
        'sub nap { select(undef, undef, undef, rand(0.003)) } chdir $ARGV[0]; while (1) { rename "swapped", "away"; rename "link", "swapped"; nap(); rename "swapped", "link"; rename "away", "swapped"; nap() }';
      const faults: string[] = [];
      for (let run = 1; run <= 6; run += 1) {
        const names = Array.from({ length: 200 }, (_, nth) => changed(`swapped/${nth}`));
        const busy = spawn('perl', ['-e', script, place.share], { stdio: 'ignore' });
        try {
          place.tell(...names);
          await place.protect(`run${run}`).catch((fault) => void faults.push(String(fault)));
        } finally {
          busy.kill('SIGKILL');
          await once(busy, 'exit');
        }
        if (existsSync(join(place.share, 'away'))) {
          if (existsSync(swapped)) renameSync(swapped, join(place.share, 'link'));
          renameSync(join(place.share, 'away'), swapped);
        }
        for (let nth = 0; nth < 200; nth += 1) writeFileSync(join(swapped, `${nth}`), `mine ${run}`);
      }
      // What came from outside would be found when it is read back, which is the second lock and not the first.
      assert.deepEqual(faults, []);
      assert.equal(spawnSync('grep', ['-r', '-l', 'secret', place.root], { encoding: 'utf8' }).stdout, '');
      assert.equal(treeOf(outside), before);
    } finally {
      place.close();
    }
  });
});
