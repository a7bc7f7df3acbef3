// The tests that take long, most of them on a machine in QEMU, all of their cases (with --full): CI tries one of each sort. Each asks its own authorities.
import { run } from 'node:test';
import { unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';

const files = {
  'src/layers/common/volume/volume.test.ts': 'mount, blkid, cryptsetup, lvs and sha256sum there',
  'src/layers/sqlite/volumes.test.ts': 'sqlite3, lvs and sha256sum there',
  'test/e2e/kill.test.ts': 'ps, mount, losetup and ls',
  'test/e2e/lvm.test.ts': 'lvs and dmsetup there, the journal',
  'test/e2e/lvm-moment.test.ts': 'what the two snapshots hold; ps there',
  'test/e2e/restore-volume.test.ts': "lvs, mount and sha256sum there, kubectl's state",
  'test/pve-machine/faults.test.ts': 'the machine itself',
  'test/pve-machine/pve-machine.test.ts': 'the machine itself',
};

export async function proveSweepOfTests(report: Report, full: boolean): Promise<void> {
  if (!full) return;
  report.section('Every case of the tests with a machine in QEMU');
  if (unlessMachine !== false) return report.skip('the whole sweep of the tests', unlessMachine);
  process.env['HOLDFAST_SWEEP'] = 'whole';
  for (const [file, authority] of Object.entries(files)) await proveFile(report, file, authority);
}

async function proveFile(report: Report, file: string, authority: string): Promise<void> {
  let tried = 0;
  const command = `HOLDFAST_SWEEP=whole node --test ${file}`;
  const events = run({ files: [file], concurrency: 1, timeout: 900_000 });
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite' || data.nesting === 0) continue;
    tried += 1;
    const error = type === 'test:fail' ? data.details.error : undefined;
    report.row(data.name, command, authority, error === undefined ? true : new Error(String(error.cause ?? error)));
  }
  report.control(`${file}, of which no case is tried,`, tried > 0);
}
