// 3.8: the hourly check of the database of Vaultwarden, which copies nothing, as a run, as a figure, and as an exit code.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { damage, database } from '../../../src/layers/common/sqlite/databases.test-support.ts';
import { type Estate, estateIn } from '../../../test/e2e/estate.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import { sh, sqlite } from '../place.ts';

const text = `
estate: vault
machines: [{ name: here, local: true }]
workloads: [{ name: vaultwarden }]
layers:
  - { name: vaultwarden-check, kind: sqlite, machine: here, workload: vaultwarden, from: { files: [FOLDER/data/db.sqlite3] }, only_check: true }
schedules: [{ job: vaultwarden-check, schedule: hourly }]
`;

async function figure(estate: Estate): Promise<string | undefined> {
  const { stdout } = await estate.type('metrics');
  return /^vaultwarden_sqlite_integrity_ok\{[^}]*\} (\S+)$/m.exec(stdout)?.[1];
}

export async function proveOnlyCheck(report: Report): Promise<void> {
  report.section('3.8 The hourly check');
  const estate = estateIn(text, 'vault');
  const file = join(estate.folder, 'data', 'db.sqlite3');
  try {
    mkdirSync(join(estate.folder, 'data'));
    database(file, 3000, 'wal');
    const sum = () => sh('sha256sum data/*', estate.folder);
    const before = sum();
    const sound = await estate.type('run', 'vaultwarden-check', '--now');
    const asked = sqlite(file, 'PRAGMA integrity_check');
    report.row(
      '3.8 sound: a whole run, the figure is 1, and nothing is written',
      sound.command,
      'sqlite3: PRAGMA integrity_check; sha256sum',
      (sound.status === 0 && asked === 'ok' && (await figure(estate)) === '1' && sum() === before) || seen(sound),
    );
    damage(file);
    const bad = await estate.type('run', 'vaultwarden-check', '--now');
    report.row(
      '3.8 damaged: the run is degraded, and the figure is 0',
      bad.command,
      'sqlite3: PRAGMA integrity_check',
      (bad.status === 3 && sqlite(file, 'PRAGMA integrity_check') !== 'ok' && (await figure(estate)) === '0') ||
        seen(bad),
    );
    rmSync(file);
    const gone = await estate.type('run', 'vaultwarden-check', '--now');
    report.row(
      '3.8 gone: as bad as damaged',
      gone.command,
      'ls; the figure',
      (gone.status === 3 && (await figure(estate)) === '0') || seen(gone),
    );
    database(file, 10);
    await estate.type('run', 'vaultwarden-check', '--now');
    report.control('a check that never says ok again', (await figure(estate)) === '1');
  } finally {
    estate.close();
  }
}
