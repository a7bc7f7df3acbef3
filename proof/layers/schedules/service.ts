// 3.10: the daemon as a service: the unit as systemd reads it, and how well it is fenced.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { estateIn } from '../../../test/e2e/estate.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import { tried } from '../place.ts';

const text = `
estate: host
machines: [{ name: here, local: true }]
workloads: [{ name: photos }, { name: apps }, { name: volumes }, { name: host }]
layers:
  - { name: photos-image, kind: disk-image, machine: here, workload: photos, image: FOLDER/photos.img, to: FOLDER/copies, keep: { keep_last: 2 } }
  - { name: snapshots, kind: lvm-thin, machine: here, workload: volumes, keep: { keep_last: 2 } }
  - { name: databases, kind: sqlite, machine: here, workload: apps, from: { snapshots_of: snapshots }, to: FOLDER/copies, keep: { keep_last: 2 } }
  - { name: config, kind: host-config, machine: here, workload: host, to: FOLDER/copies, keep: { keep_last: 2 } }
schedules: [{ job: photos-image, schedule: "02:00" }]
`;

export async function proveService(report: Report): Promise<void> {
  report.section('3.10 The service');
  if (tried('systemd-analyze', ['--version']).status !== 0)
    return report.skip('3.10 the service', 'it needs systemd-analyze');
  const estate = estateIn(text, 'host');
  const units = join(estate.folder, 'units');
  const unit = join(units, 'holdfast.service');
  const security = () => tried('systemd-analyze', ['security', '--offline=true', '--threshold=30', unit]);
  try {
    mkdirSync(units);
    const shown = await estate.type('install-service', '--into', units, '--dry-run');
    const done = existsSync(unit) ? shown : await estate.type('install-service', '--into', units, '--yes');
    const verified = tried('systemd-analyze', ['verify', unit]);
    const rated = security();
    report.row(
      '3.10 install-service writes a unit that systemd takes without a word, and rates at 3.0 or better, with every layer on the host',
      `${shown.command}; ${done.command}`,
      'systemd-analyze verify; systemd-analyze security --threshold=30',
      (shown.status === 0 && done.status === 0 && verified.says === '' && rated.status === 0) ||
        seen(done, verified.says, rated.says.split('\n').slice(-4).join('\n')),
    );
    const good = readFileSync(unit, 'utf8');
    writeFileSync(
      unit,
      good.replace(/^(Protect|Private|Restrict|SystemCall|CapabilityBoundingSet|NoNew|IPAddress).*\n/gm, ''),
    );
    report.control('a unit without its fence', security().status !== 0);
    writeFileSync(unit, good.replace('ExecStart=', 'ExecStrat='));
    report.control('a unit with a slip of the pen', tried('systemd-analyze', ['verify', unit]).says !== '');
    writeFileSync(unit, good);
    const again = await estate.type('install-service', '--into', units, '--yes');
    const removed = await estate.type('install-service', '--into', units, '--remove', '--yes');
    report.row(
      '3.10 a second time there is nothing to do, and it goes again as a whole',
      `${again.command}; ${removed.command}`,
      'ls',
      (/Nothing was done/.test(again.stdout) && removed.status === 0 && !existsSync(unit)) || seen(again, removed),
    );
  } finally {
    estate.close();
  }
}
