// With --full: a worker killed at every single place of files, offsite and mirror, files of volumes in QEMU, random lives of a share.
import { unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';
import { proveSweepOfTests } from '../sweep-of-tests.ts';

const files = {
  'src/layers/files/killed.test.ts': 'ls, find, getfattr and sha256sum of both trees; /proc/*/mountinfo',
  'src/layers/offsite/killed.test.ts': 'ls, diff and rsync of both trees',
  'src/layers/mirror/killed.test.ts': 'rsync of both trees',
  'src/layers/mirror/lives.test.ts': 'rsync of both trees',
  'src/track/lives.test.ts': 'a mirror that looks only where the journal says, and one that looks everywhere',
};
const inQemu = { 'src/layers/files/volumes.test.ts': 'lvs, sha256sum and cat on that machine' };

export async function proveLongTests(report: Report, full: boolean): Promise<void> {
  if (!full) return;
  if (unlessMachine !== false) report.skip('files of volumes', unlessMachine);
  const all = unlessMachine === false ? { ...files, ...inQemu } : files;
  await proveSweepOfTests(report, 'Every case of the long tests: kills at each place, volumes, random lives', all);
}
