// 3.7 Vaultwarden: a disk that is full, a machine without sqlite3, a point that is damaged, a service that does not do as it is told; what
// was there stays, or is there again.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { holdfast } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh, sqlite, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { failedRow, newestOf, pointsOf, run, smallDisk, untouched, words } from './apps.ts';
import { asked, enlarge, pictureOf, type VaultwardenPlace, vaultwardenPlace } from './vaultwarden-place.ts';

export async function proveVaultwardenRefused(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Vaultwarden: what is refused, and what is led back');
  for (const prove of [proveWithoutSqlite, proveDamagedPoint, proveServices]) {
    const place = vaultwardenPlace();
    try {
      await prove(report, place, full);
    } finally {
      place.close();
    }
  }
  await proveFullDisk(report);
}

async function proveWithoutSqlite(report: Report, place: VaultwardenPlace): Promise<void> {
  const { estate, copies, data } = place;
  // In a mount namespace of its own: there nobody may run it.
  const hidden = 'mount --bind /dev/null "$(readlink -f /usr/bin/sqlite3)"; exec "$@"';
  const typed = [...holdfast, '--estate', estate.file, '--state', estate.state, ...run];
  const { status, says } = tried('unshare', ['--mount', 'sh', '-ec', hidden, 'sh', ...typed]);
  const answer = { status, stdout: says, stderr: '', command: `unshare …; holdfast ${run.join(' ')}` };
  const wrong = sqlite(join(data, 'db.sqlite3'), 'PRAGMA integrity_check') === 'ok' ? [] : ['it is damaged'];
  const code = /database-not-copied[\s\S]*sqlite3 is missing there|sqlite3 is missing there[\s\S]*database-not-copied/;
  failedRow(report, 'a machine without sqlite3 is said to lack it, and is no damage', 'sqlite3; ls', answer, code, [
    ...wrong,
    ...(/database-damaged/.test(words(answer)) ? ['it is called damaged'] : []),
    ...untouched(place, []),
  ]);
  report.control(
    'a machine that always lacks it',
    (await estate.type(...run)).status === 0 && pointsOf(copies).length === 1,
  );
}

async function proveDamagedPoint(
  report: Report,
  { estate, copies, data, vault, back }: VaultwardenPlace,
): Promise<void> {
  await estate.type(...run);
  const point = newestOf(copies);
  const part = join(copies, point, 'contents.tar');
  const kept = readFileSync(part);
  ask(join(data, 'db.sqlite3'), "UPDATE organizations SET name = 'today'");
  sh('chown 4711:4712 db.sqlite3*', data);
  const before = pictureOf(data);
  for (const [how, spoil] of [
    [
      'one other byte',
      () => writeFileSync(part, Buffer.from(kept).fill(0x5a, kept.length >> 1, (kept.length >> 1) + 1)),
    ],
    ['zeros in its middle', () => writeFileSync(part, Buffer.from(kept).fill(0, 20_000, 40_000))],
    ['its end cut off', () => writeFileSync(part, kept.subarray(0, kept.length - 20_000))],
  ] as const) {
    spoil();
    const refused = await estate.type(...back(point));
    report.row(
      `3.15 a point with ${how} is refused, and nobody is interrupted`,
      refused.command,
      `${asked}; ps`,
      (refused.status === 1 && pictureOf(data) === before && !vault.runs()) || seen(refused),
    );
  }
  writeFileSync(part, kept);
  const good = await estate.type(...back(point));
  vault.stop();
  report.control('a check that refuses every point', good.status === 0 && pictureOf(data) !== before);
}

async function proveServices(report: Report, place: VaultwardenPlace, full: boolean): Promise<void> {
  const { estate, copies, data, vault, declare, back } = place;
  await estate.type(...run);
  const point = newestOf(copies);
  ask(join(data, 'db.sqlite3'), "UPDATE organizations SET name = 'today'");
  sh('chown 4711:4712 db.sqlite3*', data);
  const { stop } = vault.service;
  const before = pictureOf(data);
  declare({
    service: {
      stop,
      start: [
        'sh',
        '-c',
        `[ -e '${vault.folder}/once' ] || { : >'${vault.folder}/once'; echo 'port in use' >&2; exit 5; }`,
      ],
    },
  });
  const refused = await estate.type(...back(point));
  report.row(
    '3.15 it does not start on what was brought back: everything of before is there again',
    refused.command,
    asked,
    (refused.status === 1 && /port in use/.test(words(refused)) && pictureOf(data) === before) || seen(refused),
  );
  await proveUnsound(report, place, point);
  if (full) {
    declare({ service: { stop: ['true'], start: ['true'] } });
    vault.start();
    const runs = await estate.type(...back(point));
    const goesOn = vault.runs();
    vault.stop();
    report.row(
      '3.15 one that does not stop is not touched, and that is said',
      runs.command,
      'ps, sqlite3',
      (runs.status === 1 &&
        /service-still-runs/.test(words(runs)) &&
        goesOn &&
        sqlite(join(data, 'db.sqlite3'), 'SELECT name FROM organizations') === 'today') ||
        seen(runs),
    );
  }
  declare({});
  const good = await estate.type(...back(point));
  report.control('a service that never starts', good.status === 0 && vault.runs());
}

/** What starts on it damages it at once: it is asked again before the old is let go. */
async function proveUnsound(
  report: Report,
  { estate, data, vault, declare, back }: VaultwardenPlace,
  point: string,
): Promise<void> {
  const before = pictureOf(data);
  const eats = `if [ -e '${vault.folder}/eats' ]; then rm '${vault.folder}/eats'; printf '%8000s' x | dd of='${data}/db.sqlite3' bs=1 seek=8192 conv=notrunc status=none; fi`;
  writeFileSync(join(vault.folder, 'eats'), '');
  declare({ service: { stop: ['true'], start: ['sh', '-c', eats] } });
  const refused = await estate.type(...back(point));
  report.row(
    '3.15 a database that is not sound any more once it runs leads everything back',
    refused.command,
    asked,
    (refused.status === 1 &&
      /restore-not-sound/.test(words(refused)) &&
      pictureOf(data) === before &&
      !existsSync(join(vault.folder, 'eats'))) ||
      seen(refused),
  );
}

async function proveFullDisk(report: Report): Promise<void> {
  const place = vaultwardenPlace({ to: 'FOLDER/small/copies' });
  const { estate, data } = place;
  enlarge(place, 20_000, 100);
  const disk = smallDisk(estate, 96, 34_000_000);
  const copies = join(estate.folder, 'small', 'copies', 'app');
  try {
    const answer = await estate.type(...run);
    const left = readdirSync(copies).filter((name) => name.startsWith('.'));
    const whole = sqlite(join(data, 'db.sqlite3'), 'PRAGMA integrity_check') === 'ok' ? [] : ['the database'];
    failedRow(
      report,
      'a full disk at the target is called one, and nothing half is left',
      'find, df, sqlite3',
      answer,
      /disk-full|no-room/,
      [...left, ...pointsOf(copies), ...whole],
    );
    disk.free();
    const roomy = await estate.type(...run);
    report.control('a disk that is full for ever', roomy.status === 0 && pointsOf(copies).length === 1);
  } finally {
    disk.close();
    place.close();
  }
}
