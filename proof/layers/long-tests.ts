// With --full: every case of the tests with a machine in QEMU.
import { unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';
import { proveSweepOfTests } from '../sweep-of-tests.ts';

const files = {
  'src/layers/common/volume/volume.test.ts': 'mount, blkid, cryptsetup, lvs and sha256sum there',
  'src/layers/sqlite/killed.test.ts': 'sqlite3, ls',
  'src/layers/sqlite/volumes.test.ts': 'sqlite3, lvs and sha256sum there',
  'src/layers/disk-image/killed.test.ts': 'mount, losetup, ls, rsync of what came back',
  'test/e2e/kill.test.ts': 'ps, mount, losetup and ls',
  'test/e2e/lvm.test.ts': 'lvs and dmsetup there, the journal',
  'test/e2e/lvm-moment.test.ts': 'what the two snapshots hold; ps there',
  'test/e2e/restore-volume.test.ts': "lvs, mount and sha256sum there, kubectl's state",
  'test/pve-machine/faults.test.ts': 'the machine itself',
  'test/pve-machine/pve-machine.test.ts': 'the machine itself',
};

export async function proveLongTests(report: Report, full: boolean): Promise<void> {
  if (!full) return;
  if (unlessMachine !== false) return report.skip('the whole sweep of the tests', unlessMachine);
  await proveSweepOfTests(report, 'Every case of the tests with a machine in QEMU, and of kills', files);
}
