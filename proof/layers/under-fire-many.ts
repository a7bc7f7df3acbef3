// 77 volumes of which one is bad: 76 are done, the run is degraded, and the next one begins with the bad one.
import { estateIn, reached } from '../../test/e2e/estate.test-support.ts';
import { firstFound, stateOf, tries, volumesEstate } from '../../test/e2e/volumes.test-support.ts';
import { mapperName } from '../../test/pve-machine/faults.test-support.ts';
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import type { FirePlace } from './under-fire-starts.ts';

export async function proveManyVolumes(report: Report, { machine, look }: FirePlace, full: boolean): Promise<void> {
  const volumes = await machine.volumes.makeMany(77, 'none', 4);
  const bad = volumes[40]?.lv ?? '';
  const estate = estateIn(volumesEstate(machine, undefined), 'lvm');
  try {
    await machine.faults.hang(mapperName(bad));
    const ran = await estate.type('run', 'volumes');
    const origins = await look.origins();
    const points = await estate.type('points');
    await machine.faults.unhang();
    report.row(
      '77 volumes, one bad: 76 done, the run is degraded, and says which',
      `${ran.command}; ${points.command}`,
      'lvs: 76 sealed snapshots of 76 volumes; exit code 3',
      holds(
        {
          'exit code 3': ran.status === 3,
          degraded: stateOf(estate) === 'degraded',
          '76 of 76': origins.length === 76 && new Set(origins).size === 76,
          'all but the bad one': !origins.includes(bad),
          'it is counted': new RegExp(`77 expected, 76 done; missing: ${bad}`).test(points.stdout),
        },
        `${ran.status} ${stateOf(estate)} ${origins.length} ${points.stdout.slice(-300)} ${ran.stderr.slice(-300)}`,
      ),
    );
    const known = estate.journal((runs) => runs[0]?.id);
    const next = estate.start('run', 'volumes');
    await tries(estate, next, /^discover>snapshot/, known);
    const first = firstFound(estate) ?? '';
    // Ctrl-C stops what is at work just then: the first one is to be through.
    await reached(estate, first, 'done');
    if (!full) next.process.kill('SIGINT');
    await next.ended;
    const now = await look.origins();
    report.row(
      'the bad one first next time',
      'holdfast run volumes',
      'the journal: the first snapshot that is tried; lvs: it has one',
      holds(
        { 'the first': first === `discover>snapshot-${bad}`, 'it has one': now.includes(bad) },
        `${first}; ${now.length}`,
      ),
    );
    const wrong = await look.wrong();
    report.row(
      'nothing half-made among them, and the pool takes a volume',
      'holdfast run volumes',
      'lvs, dmsetup, lvcreate',
      holds({ nothing: wrong.length === 0 }, wrong.join()),
    );
    report.control('a volume that answers, left without a point', new Set(now).size === 77);
  } finally {
    await machine.faults.unhang();
    estate.close();
  }
}
