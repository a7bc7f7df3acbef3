// 3.7 How much a vault holds: a full disk, less than before, more than fits in the memory of a worker.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from '../../bench/installed.ts';
import { holds } from '../layers/holds.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { failedRow, heldIn, manifestOf, newestOf, partOf, pointsOf, run, smallDisk, words } from './apps.ts';
import { installedFolder, peakOf } from './apps-watched.ts';
import { sumsOf } from './vault.ts';
import { vaultPlace } from './vault-place.ts';

export async function proveVaultSizes(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Vault: how much it holds');
  await proveFullDisk(report);
  await proveShrunk(report);
  if (full) await proveLarge(report);
}

async function proveFullDisk(report: Report): Promise<void> {
  const place = await vaultPlace({ to: 'FOLDER/small/copies' });
  const { estate, cluster } = place;
  const disk = smallDisk(estate, 44, 17_800_000);
  const copies = join(estate.folder, 'small', 'copies', 'app');
  try {
    cluster.bulk = 14_000_000;
    const answer = await estate.type(...run);
    const left = sh(`find . -name '.partial*' | wc -l`, join(estate.folder, 'small')) === '0' ? [] : ['.partial'];
    failedRow(
      report,
      'a full disk at the target is called one, and nothing half is left',
      'find, df',
      answer,
      /disk-full|no-room/,
      [...left, ...pointsOf(copies)],
    );
    disk.free();
    const roomy = await estate.type(...run);
    report.control('a disk that is full for ever', roomy.status === 0 && pointsOf(copies).length === 1);
  } finally {
    disk.close();
    await place.close();
  }
}

/** Rule 10. */
async function proveShrunk(report: Report): Promise<void> {
  const place = await vaultPlace({ keep: { keep_last: 2 } });
  const { estate, copies, cluster } = place;
  try {
    cluster.bulk = 2_000_000;
    await estate.type(...run);
    const first = newestOf(copies);
    cluster.bulk = 100_000;
    const nights = [];
    for (let night = 0; night < 4; night += 1) nights.push(await estate.type(...run));
    report.row(
      '3.7 a vault a tenth of its size: each night says so, and the last good point is held against retention',
      nights[0]?.command ?? '',
      'ls of the points; tar, sha256sum -c of the one that is held',
      holds(
        {
          'each night is degraded, and says it': nights.every(
            (one) => one.status === 3 && /, and was /.test(words(one)),
          ),
          'it is held': heldIn(copies).includes(first),
          'it is whole': sumsOf(partOf(copies, first, 'snapshot'), estate.folder).status === 0,
        },
        `${nights.map((one) => `${one.status} ${words(one).slice(-300)}`).join('\n')} ${JSON.stringify(manifestOf(copies, first).counts)}`,
      ),
    );
    cluster.bulk = 2_000_000;
    const calm = await estate.type(...run);
    report.control('a suspicion that never ends', calm.status === 0 && !heldIn(copies).includes(first));
  } finally {
    await place.close();
  }
}

async function proveLarge(report: Report): Promise<void> {
  const place = await vaultPlace();
  const { estate, copies, cluster } = place;
  const unpacked = installedFolder();
  try {
    cluster.bulk = 200_000_000;
    const { megabytes, of, looks, status, said } = await peakOf(installed(unpacked), estate, /^look>dump$/, run);
    report.row(
      `3.7 a snapshot of 200 MB passes through a worker that never had more than ${megabytes} MB`,
      `holdfast ${run.join(' ')}`,
      `/proc/PID/status: VmHWM, ${looks} times; tar, sha256sum -c`,
      (status === 0 &&
        looks > 3 &&
        megabytes < 150 &&
        sumsOf(partOf(copies, newestOf(copies), 'snapshot'), estate.folder).status === 0) ||
        new Error(`${status} ${megabytes} MB (${of}) ${said.slice(-400)}`),
    );
  } finally {
    rmSync(unpacked, { recursive: true });
    await place.close();
  }
}
