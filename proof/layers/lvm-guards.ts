// 3.1: the pool is never filled, and a volume without a fresh point is never counted as protected.

import { faultsIn } from '../../test/e2e/volumes.test-support.ts';
import { mapperName } from '../../test/pve-machine/faults.test-support.ts';
import type { Report } from '../report.ts';
import { holds, sameList } from './holds.ts';
import { type LvmPlace, lvs, wanted } from './lvm-place.ts';

export async function proveGuards(report: Report, place: LvmPlace): Promise<void> {
  const { machine, estate, look } = place;
  const { faults, must } = machine;
  for (const [what, code, fill, free] of [
    ['data', 'pool-data-limit', () => faults.fillData(91), faults.freeData],
    ['metadata', 'pool-metadata-limit', () => faults.fillMetadata(81), faults.freeMetadata],
  ] as const) {
    const good = await look.ours();
    await fill();
    const status = await must('dmsetup status pve-data-tpool');
    const ran = await estate.type('run', 'volumes');
    const found = faultsIn(estate).filter((one) => one.endsWith(code));
    report.row(
      `3.1 the pool’s ${what} at its limit: no snapshot, said with both figures, and what is there stays`,
      ran.command,
      'dmsetup status of the pool before and after; lvs',
      holds(
        {
          'exit code 1': ran.status === 1,
          'its fault': found.length > 0,
          'the pool is as full as before': (await must('dmsetup status pve-data-tpool')) === status,
          'nothing taken, nothing removed': sameList(await look.ours(), good),
          'both figures': /\d % of its data and \d+\.\d % of its metadata/.test(ran.stdout + ran.stderr),
        },
        `${ran.status} ${found.join()} ${ran.stderr.slice(-600)}`,
      ),
    );
    await free();
  }
  await proveMissing(report, place);
}

async function proveMissing(report: Report, { machine, estate, look }: LvmPlace): Promise<void> {
  const { faults, makeVolume, must } = machine;
  await makeVolume({ name: lvs.late, filesystem: 'none', megabytes: 8 });
  const before = await look.origins();
  for (const lv of [lvs.late, lvs.nobodys]) await faults.hang(mapperName(lv));
  const ran = await estate.type('run', 'volumes');
  const points = await estate.type('points');
  await faults.unhang();
  const count = (all: readonly string[], lv: string) => all.filter((one) => one === lv).length;
  const after = await look.origins();
  const said = points.stdout.slice(points.stdout.lastIndexOf('volumes: '));
  report.row(
    '3.1 a volume without a point, and one whose point is old, are counted as missing; the run is degraded',
    `${ran.command}; ${points.command}`,
    'lvs: neither has a new snapshot; exit code 3',
    holds(
      {
        'exit code 3': ran.status === 3,
        'none of either': count(after, lvs.late) === 0 && count(after, lvs.nobodys) === count(before, lvs.nobodys),
        'four of six': /6 expected, 4 done/.test(said),
        'both by name': said.includes(lvs.late) && said.includes(lvs.nobodys),
        'the age of the old one': /its newest restore point is \S+ .*old/.test(ran.stdout + ran.stderr),
      },
      `${ran.status} ${said} ${(ran.stdout + ran.stderr).slice(-900)}`,
    ),
  );
  const fine = await estate.type('run', 'volumes');
  const whole = await estate.type('points');
  report.control(
    'pools with room and volumes that answer, refused or counted as missing',
    fine.status === 0 &&
      /6 expected, 6 done/.test(whole.stdout) &&
      sameList([...new Set(await look.origins())], [...wanted, lvs.late]),
  );
  await must(`for lv in $(lvs --noheadings -o lv_name -S 'origin=${lvs.late}' pve); do lvremove -qq -y pve/$lv; done`);
}
