// The wall clock is stepped ten years ahead, and a day back: nothing is removed, the runs stay in order, and it is said. The
// authorities are ls and the clock of libfaketime, under which the very same command is typed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Answered,
  canMount,
  type Estate,
  estateAt,
  estateIn,
  imageOf,
  photosEstate,
  treeIn,
} from '../test/e2e/estate.test-support.ts';
import type { Report } from './report.ts';

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

export async function proveClock(report: Report): Promise<void> {
  report.section('A stepped clock');
  if (!existsSync(library)) spawnSync('apt-get', ['-qq', '-y', 'install', 'faketime'], { stdio: 'ignore' });
  if (!canMount() || !existsSync(library)) return report.skip('a stepped clock', 'it needs root and libfaketime');
  const estate = estateIn(photosEstate('clock').replace('keep_last: 2', 'keep_last: 1'), 'clock');
  imageOf(join(estate.folder, 'photos.img'), treeIn(join(estate.folder, 'tree'), { harbour: 'x' }), 16);
  const at = (faketime: string): Estate =>
    estateAt(estate.file, 'clock', estate.state, estate.folder, {
      ...process.env,
      ...{ LD_PRELOAD: library, FAKETIME: faketime, DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' },
    });
  const points = () => readdirSync(join(estate.folder, 'copies', 'photos-image'));
  await estate.type('run', 'photos-image');
  const [first = ''] = points();
  await estate.type('run', 'photos-image');
  report.control('retention that never removes anything', points().length === 1 && !points().includes(first));

  const row = (what: string, ran: Answered, kept: readonly string[]) => {
    const missing = kept.filter((point) => !points().includes(point));
    const said = /clock/.test(ran.stderr);
    report.row(
      `${what}: 0 deletions, and it is said`,
      `faketime … ${ran.command}`,
      'ls of the points',
      (ran.status === 0 && missing.length === 0 && said) ||
        new Error(`exit ${ran.status}, gone: ${missing.join()}; ${ran.stderr}`.slice(0, 600)),
    );
  };
  const before = points();
  row('ten years ahead', await at('+3650d').type('run', 'photos-image'), before);
  const between = points();
  row('a day back', await at('-1d').type('run', 'photos-image'), between);
  const started = estate.journal((runs) => runs.map(({ startedAt }) => startedAt.slice(0, 4))) ?? [];
  report.row(
    'the runs stay in the order in which they were started',
    'holdfast runs',
    'the years of the journal, newest run first',
    started.length === 4 && Number(started[1]) > Number(started[0]) + 8,
  );
  estate.close();
}
