// A volume that hangs when it is opened: the databases of the others are copied, the run ends, and what it took is given back.
import { originWord } from '../../src/layers/common/lvm/names.ts';
import { estateIn, until } from '../../test/e2e/estate.test-support.ts';
import { stateOf, volumesEstate } from '../../test/e2e/volumes.test-support.ts';
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import type { FirePlace } from './under-fire-starts.ts';

const databases = {
  ...{ name: 'databases', kind: 'sqlite', machine: 'pve', workload: 'cluster', from: { snapshots_of: 'volumes' } },
  ...{ to: '/mnt/backup/points', mounted_at: '/mnt/backup', keep: { keep_last: 2 } },
};

export async function proveHangingMount(report: Report, { machine, look }: FirePlace): Promise<void> {
  const script = "sqlite3 kept.db 'create table t(x); insert into t values (42)'";
  const names = ['vm-9999-pvc-fine', 'vm-9999-pvc-hangs'] as const;
  const [, bad] = [
    await machine.makeVolume({ name: names[0], filesystem: 'ext4', megabytes: 16, script }),
    await machine.makeVolume({ name: names[1], filesystem: 'ext4', megabytes: 16, script }),
  ];
  const estate = estateIn(volumesEstate(machine, undefined, {}, [databases]), 'lvm');
  const copied = async () =>
    (await machine.must("find /mnt/backup/points -name '*.json' | grep -c manifest.json || true")).trim();
  try {
    await estate.type('run', 'volumes');
    await machine.faults.hangWhenSeen(`pve-hf_*_${originWord(bad.uuid)}`);
    const started = estate.start('run', 'databases');
    // What hangs in the kernel cannot be killed; it is let go of only when the run has given it up.
    await until('its end', () => started.process.exitCode !== null, 14);
    const status = await started.ended;
    const sealed = await copied();
    const waits = await machine.must("ps -eo stat,comm | grep -c '^D' || true");
    await machine.faults.unhang();
    const said = started.output();
    report.row(
      'a volume that hangs when it is opened: given up by name, the others are copied, the run is not fine',
      'holdfast run databases',
      'ps: who waits in D; find: the sealed points on the backup disk',
      holds(
        {
          'not fine, and ended': status === 3 || status === 1,
          'the other is there': sealed === '1',
          'the one that hangs by name': said.includes(names[1]),
        },
        `${status} ${stateOf(estate)} sealed ${sealed}, ${waits} wait; ${said.slice(-900)}`,
      ),
    );
    const next = await estate.type('run', 'databases');
    const wrong = await look.wrong();
    report.row(
      'as soon as it answers, the next run copies it, and nothing of the one before is left',
      next.command,
      'find: sealed points; lvs, dmsetup',
      holds(
        {
          'exit code 0': next.status === 0,
          'all of them': Number(await copied()) >= 2,
          'nothing left': wrong.length === 0,
        },
        `${next.status} ${await copied()} ${wrong.join()} ${next.stderr.slice(-600)}`,
      ),
    );
    report.control('a volume that hangs, copied nevertheless', sealed !== (await copied()));
  } finally {
    await machine.faults.unhang();
    estate.close();
  }
}
