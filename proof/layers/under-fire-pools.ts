// A pool that is full to its end, of data and of metadata: neither a run nor a restore makes it worse, and no point is lost.
import { estateIn } from '../../test/e2e/estate.test-support.ts';
import { volumesEstate } from '../../test/e2e/volumes.test-support.ts';
import type { Report } from '../report.ts';
import { holds, sameList } from './holds.ts';
import type { FirePlace } from './under-fire-starts.ts';

export async function proveFullPools(report: Report, { machine, look }: FirePlace): Promise<void> {
  const { faults, must } = machine;
  const [volume] = await machine.volumes.makeMany(2, 'ext4');
  if (volume === undefined) throw new Error('no volume');
  const estate = estateIn(volumesEstate(machine, undefined), 'lvm');
  try {
    await estate.type('run', 'volumes');
    const sums = async () => {
      const names = await look.lines("lvs --noheadings -o lv_name -S 'lv_name=~^hf_' pve");
      return must(
        `for lv in ${names.join(' ')}; do lvchange -ay -K pve/$lv; sha256sum /dev/pve/$lv; lvchange -an pve/$lv; done`,
      );
    };
    const before = await sums();
    for (const [what, fill, free] of [
      ['data (100 %)', () => faults.fillData(100), faults.freeData],
      ['metadata (96 %)', () => faults.fillMetadata(96), faults.freeMetadata],
    ] as const) {
      const listed = await look.ours();
      await fill();
      const status = await must('dmsetup status pve-data-tpool');
      const ran = await estate.type('run', 'volumes');
      const restored = await estate.type('restore', volume.lv, '--to', 'pve/rescued', '--yes');
      const after = await must('dmsetup status pve-data-tpool');
      const there = await look.ours();
      const rescued = (await machine.sh('lvs pve/rescued')).exitCode === 0;
      report.row(
        `a pool whose ${what} is used up: no snapshot, no restore into it, nothing removed, and it is no fuller`,
        `${ran.command}; ${restored.command}`,
        'dmsetup status before and after; lvs; exit codes',
        holds(
          {
            'the run is refused':
              ran.status === 1 && /pool-(data|metadata)-limit|pool-unhealthy/.test(ran.stdout + ran.stderr),
            'the restore is refused':
              restored.status === 1 && /pool-without-room/.test(restored.stdout + restored.stderr) && !rescued,
            'the pool as before': after === status,
            'every point is there': sameList(there, listed),
          },
          `${ran.status} ${restored.status} ${status} ${after} ${ran.stderr.slice(-300)} ${restored.stderr.slice(-300)}`,
        ),
      );
      await free();
    }
    const same = (await sums()) === before;
    const fine = await estate.type('run', 'volumes');
    report.row(
      'with room again the next run is whole, and the points are bit by bit what they were',
      fine.command,
      'sha256sum of each point before and after',
      holds({ 'the digests': same, 'exit code 0': fine.status === 0 }, fine.stderr.slice(-600)),
    );
    const [one] = await look.lines("lvs --noheadings -o lv_name -S 'lv_name=~^hf_' pve");
    await must(
      `lvchange -ay -K pve/${one}; printf x | dd of=/dev/pve/${one} conv=notrunc,fsync status=none; lvchange -an pve/${one}`,
    );
    report.control('a point of which one byte differs', (await sums()).slice(0, before.length) !== before);
  } finally {
    estate.close();
  }
}
