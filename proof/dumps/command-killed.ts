// 3.7 A program that is killed midway, or whose run is stopped: no point, and nothing is left. ls, find and ps are asked.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tries, until } from '../../test/e2e/estate.test-support.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { lastRun, leftAfter, pointsOf, run, untouched } from './apps.ts';
import { commandPlace, declared, whole } from './command-place.ts';

/** Its programs are killed by somebody else, as by a kernel without memory. */
export async function proveCommandKilled(report: Report): Promise<void> {
  report.section('3.7 Programs that are killed');
  const place = commandPlace((folder) => [{ name: 'long', command: [join(folder, 'programs', 'long')], ...declared }]);
  const { estate, copies, folder, script } = place;
  try {
    script('long', whole);
    await estate.type(...run);
    const before = pointsOf(copies);
    sh('mkfifo never', folder);
    script(
      'long',
      `echo '-- cluster dump'; seq 1 20000; echo $$ >'${folder}/pid.new'; mv '${folder}/pid.new' '${folder}/pid'; read -r line <'${folder}/never'; echo '-- cluster dump complete'`,
    );
    const started = estate.start(...run);
    const pid = await until('it has written the half', () => {
      try {
        return Number(readFileSync(join(folder, 'pid'), 'utf8')) || undefined;
      } catch {
        return undefined;
      }
    });
    process.kill(pid, 'SIGKILL');
    const status = await started.ended;
    const others = untouched(place, before);
    report.row(
      'kill -9 of the program, midway: no point, the last one stays, nothing is left',
      'holdfast run app --now; kill -9 of the program',
      'ls of the points, find, ps',
      (status === 1 && /dump-failed|exit code 137/.test(started.output()) && others.length === 0) ||
        new Error(`exit ${status}; ${others.join('; ')}; ${started.output().slice(-500)}`),
    );
    rmSync(join(folder, 'pid'));
    const known = lastRun(estate);
    const again = estate.start(...run);
    const id = await tries(estate, again, /^look>dump$/, known);
    await until('it has written the half', () => sh('ls', folder).split('\n').includes('pid'));
    again.process.kill('SIGINT');
    const stopped = await again.ended;
    const left = [...untouched(place, before), ...leftAfter(id, [folder])];
    report.row(
      '3.7 Ctrl-C midway: the program is ended, too, and nothing is left',
      'holdfast run app --now; SIGINT',
      'ls of the points, find, ps',
      (stopped === 130 && left.length === 0) ||
        new Error(`exit ${stopped}; ${left.join('; ')}; ${again.output().slice(-500)}`),
    );
    script('long', whole);
    report.control('a program that never comes to its end', (await estate.type(...run)).status === 0);
  } finally {
    place.close();
  }
}
