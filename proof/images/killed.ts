// kill -9 at every kind of step of a disk image. The authorities are losetup, mount and the process list; the journal is only
// believed where they agree.
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { imageOf, kill, leftBehind, reached, treeIn, until, type Victim } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { type Place, placeWith, sealed, sha256, streamed } from './place.ts';

const victims: readonly Victim[] = ['worker', 'supervisor', 'both'];

async function proveStreamKills(report: Report, full: boolean): Promise<void> {
  const place = placeWith(10, 2048);
  imageOf(place.image, place.tree, 2304);
  for (const victim of victims)
    for (const share of full ? [0.1, 0.25, 0.5, 0.75, 0.9] : [0.5])
      await proveKill(report, place, victim, `at ${share * 100} % of a stream of 2 GB`, ['run', 'photos-image'], () =>
        streamed(place, share),
      );
  place.close();
}

export async function proveKills(report: Report, full: boolean): Promise<void> {
  report.section('kill -9 of worker, supervisor and both, at every kind of step of disk-image');
  const place = placeWith(30_000, 300);
  imageOf(place.image, place.tree, 900);
  const took = `${place.image}.taken`;
  copyFileSync(place.image, took);
  for (const victim of victims) {
    for (const [kind, path] of [
      ['disk-image.open', /^[^>]+$/],
      ['disk-image.copy', />.*copy/],
    ] as const)
      await proveKill(report, place, victim, kind, ['run', 'photos-image'], () => reached(place, path));
  }
  await proveStreamKills(report, full);
  await place.type('run', 'photos-image');
  await place.type('run', 'photos-image');
  for (const victim of victims) {
    // Removing a point is over in a moment, unless something heavy lies in it.
    const [oldest = ''] = [...sealed(place)].sort();
    treeIn(oldest, Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`junk/${index}`, ''])));
    await proveKill(
      report,
      place,
      victim,
      'point.prune',
      ['run', 'photos-image'],
      () => reached(place, />.*prune/),
      true,
    );
  }
  for (const victim of victims)
    for (const [kind, path] of [
      ['tree.unpack', /unpack/],
      ['tree.settle', /settle/],
    ] as const) {
      rmSync(place.back, { recursive: true, force: true });
      await proveKill(report, place, victim, kind, ['restore', 'photos', '--to', place.back, '--yes'], () =>
        reached(place, path),
      );
      const empty = !existsSync(place.back) || readdirSync(place.back).length === 0;
      report.row(
        `the target is empty again after kill of ${victim} at ${kind}`,
        'restore photos --to back',
        'ls',
        empty,
      );
    }
  report.row(
    'the image is as it was after all of it',
    'run photos-image',
    'sha256sum',
    sha256(place.image) === sha256(took),
  );
  place.close();
}

/** @param sealedStays the point was sealed before: only what came after it is killed */
async function proveKill(
  report: Report,
  place: Place,
  victim: Victim,
  moment: string,
  command: readonly string[],
  come: () => Promise<string>,
  sealedStays = false,
): Promise<void> {
  const before = sealed(place).length;
  const known = place.journal((runs) => runs[0]?.id);
  const started = place.start(...command);
  await until('the run', () => place.journal((runs) => runs[0]?.id !== known && runs.length > 0));
  const run = await come();
  kill(victim, started, run);
  await started.ended;
  let dueSaid = true;
  if (victim !== 'worker') {
    dueSaid = /recovery due/.test((await place.type('runs')).stdout);
    // Any command that may write finishes it first; this one then has nothing left to do.
    await place.type('cancel', run);
  }
  const state = place.journal((runs) => runs.find(({ id }) => id === run)?.state);
  const left = leftBehind(run, place.image, place.copies);
  const points = sealed(place).length;
  const good = state === 'aborted' && left.length === 0 && dueSaid && (sealedStays || points === before);
  report.row(
    `kill -9 of ${victim}, ${moment}`,
    `holdfast ${command[0]} …; kill -9`,
    'ps, mount, losetup, ls, the journal',
    good ||
      new Error(
        `state ${state}; left: ${left.join(', ')}; recovery said: ${dueSaid}; points ${before} -> ${points}; ${started.output().slice(-400)}`,
      ),
  );
}
