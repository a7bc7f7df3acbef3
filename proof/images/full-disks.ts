// Disks that are full: before a copy begins, in the middle of it, and under the journal.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { imageOf, leftBehind } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { type Place, placeWith, say, sealed, streamed } from './place.ts';

const mountSmall = (folder: string, size: string): void => {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder]);
};

/** There was room when the copy began; then somebody else took it. */
async function filledMeanwhile(place: Place, folder: string, size: string) {
  mountSmall(folder, size);
  const started = place.start('run', 'photos-image');
  const run = await streamed(place, 0.1);
  const filler = join(folder, 'somebody-elses');
  spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64K', 'status=none']);
  const status = await started.ended;
  return { run, status, filler, output: started.output(), left: leftBehind(run, place.image, place.copies) };
}

export async function proveFullDisks(report: Report): Promise<void> {
  report.section('Full disks');
  const place = placeWith(10, 300);
  imageOf(place.image, place.tree, 700);

  mountSmall(place.copies, '80M');
  const ran = await place.type('run', 'photos-image');
  const nothing = leftBehind('.partial', place.image, place.copies);
  report.row(
    'no room at the target: refused before anything is written',
    ran.command,
    'exit code, losetup, ls',
    say(ran.status === 1 && /no-room/.test(ran.stderr) && nothing.length === 0, `${ran.stderr}${nothing.join()}`),
  );
  execFileSync('umount', [place.copies]);

  const target = await filledMeanwhile(place, place.copies, '400M');
  report.row(
    'disk full under the target, in the middle of the stream',
    'holdfast run photos-image; dd of=copies/somebody-elses',
    'exit code, losetup, ls',
    say(
      target.status === 1 && /disk-full/.test(target.output) && target.left.length === 0 && sealed(place).length === 0,
      `${target.status} ${target.output}${target.left.join()}`,
    ),
  );
  execFileSync('umount', [place.copies]);

  const journal = await filledMeanwhile(place, place.state, '8M');
  const due = await place.type('runs');
  rmSync(journal.filler);
  const finished = await place.type('cancel', journal.run);
  const state = place.journal((runs) => runs.find(({ id }) => id === journal.run)?.state);
  report.row(
    'disk full under the journal, in the middle of the stream: what was taken is given back, the run finished later',
    `holdfast run photos-image; dd of=state/somebody-elses; ${due.command}; rm; ${finished.command}`,
    'exit code, losetup, mount, ps, ls',
    say(
      journal.status === 1 &&
        /state folder is full/.test(journal.output) &&
        journal.left.length === 0 &&
        state === 'aborted',
      `${journal.status}, then ${state}; left ${journal.left.join()}: ${journal.output.slice(-300)}${finished.stderr}`,
    ),
  );
  execFileSync('umount', [place.state]);
  const fine = await place.type('run', 'photos-image');
  report.control('a disk with room, taken for a full one', fine.status === 0);
  place.close();
}
