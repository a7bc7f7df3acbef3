// 3.7 Vaultwarden under fire: a damaged database is an alarm and no point, files that are missing are named, what went to zero is a
// finding.
import { copyFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { damage } from '../../src/layers/common/sqlite/databases.test-support.ts';
import { ask } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh, sqlite } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { failedRow, heldIn, manifestOf, newestOf, pointsOf, run, untouched, words } from './apps.ts';
import { type VaultwardenPlace, vaultwardenPlace } from './vaultwarden-place.ts';

export async function proveVaultwardenFaults(report: Report): Promise<void> {
  report.section('3.7 Vaultwarden under fire');
  const parts = [proveDamaged, proveMissing, proveEmptied, proveFrozen];
  for (const prove of parts) {
    const place = vaultwardenPlace({
      keep: { keep_last: prove === proveFrozen ? 20 : 1 },
      judgement: { unchanged: prove === proveFrozen ? '1ms' : '7d' },
    });
    try {
      await prove(report, place);
    } finally {
      place.close();
    }
  }
}

async function figure({ estate }: VaultwardenPlace): Promise<string | undefined> {
  const { stdout } = await estate.type('metrics');
  return /^vaultwarden_sqlite_integrity_ok\{[^}]*\} (\S+)$/m.exec(stdout)?.[1];
}

async function proveDamaged(report: Report, place: VaultwardenPlace): Promise<void> {
  const { estate, copies, data } = place;
  await estate.type(...run);
  const before = pointsOf(copies);
  const file = join(data, 'db.sqlite3');
  copyFileSync(file, join(estate.folder, 'sound'));
  for (const [what, make, code] of [
    ['a database with pages overwritten', () => damage(file, 8192), /database-damaged/],
    ['a database of zeros', () => writeFileSync(file, Buffer.alloc(40_000)), /database-damaged/],
    ['an empty file in its place', () => writeFileSync(file, ''), /database-damaged/],
    ['no database at all', () => rmSync(file), /no-databases/],
    ['a link to another one', () => symlinkSync(join(estate.folder, 'sound'), file), /no-databases/],
  ] as const) {
    make();
    const answer = await estate.type(...run);
    const says = sqlite(`file:${file}?mode=ro`, 'PRAGMA integrity_check; SELECT count(*) FROM users');
    const wrong = /^ok\n\d+$/.test(says) && !what.includes('link') ? ['sqlite3 finds nothing wrong'] : [];
    const now = await figure(place);
    failedRow(
      report,
      `${what}: an alarm by its name, the figure is 0, no point, and the last good one stays with keep_last: 1`,
      'sqlite3; ls of the points; holdfast metrics',
      answer,
      code,
      [...wrong, ...(now === '0' ? [] : [`the figure is ${now}`]), ...untouched(place, before)],
    );
  }
  rmSync(file);
  copyFileSync(join(estate.folder, 'sound'), file);
  const good = await estate.type(...run);
  report.control(
    'an alarm that never ends',
    good.status === 0 && (await figure(place)) === '1' && newestOf(copies) !== before[0],
  );
}

async function proveMissing(report: Report, { estate, copies, data }: VaultwardenPlace): Promise<void> {
  await estate.type(...run);
  const first = newestOf(copies);
  const aside = join(estate.folder, 'aside');
  const files = ['attachments/cipher-2/att-2', 'attachments/cipher-3/att-3', 'sends/send-1/file1'];
  for (const name of files)
    sh(`mkdir -p '${dirname(join(aside, name))}'; cp -a '${name}' '${join(aside, name)}'`, data);
  sh(`rm '${files[0]}' '${files[2]}'; printf att >'${files[1]}'`, data);
  const nights = [];
  for (let night = 0; night < 3; night += 1) nights.push(await estate.type(...run));
  const named = /att-2: there is no such file[\s\S]*att-3: it has 3 bytes[\s\S]*file1: there/;
  report.row(
    '3.7 attachments that are gone or cut short, and a send: named each night, and the newest point that has them stays',
    nights[0]?.command ?? '',
    'ls, stat; ls of the points, with keep_last: 1',
    (nights.every((one) => one.status === 3 && named.test(words(one))) &&
      pointsOf(copies).includes(first) &&
      pointsOf(copies).length === 2) ||
      seen(...nights, pointsOf(copies).join()),
  );
  sh(`cp -a '${aside}/.' .`, data);
  const whole = await estate.type(...run);
  report.control('files that are missing for ever', whole.status === 0 && !pointsOf(copies).includes(first));
}

/** Rule 10. */
async function proveEmptied(report: Report, { estate, copies, data, vault, back }: VaultwardenPlace): Promise<void> {
  await estate.type(...run);
  const first = newestOf(copies);
  const file = join(data, 'db.sqlite3');
  copyFileSync(file, join(estate.folder, 'full'));
  for (const [what, sql, says] of [
    ['users went to zero', 'PRAGMA foreign_keys=OFF; DELETE FROM users', /users has no rows, and had 2/],
    [
      'two thirds of the ciphers are gone',
      "DELETE FROM ciphers WHERE uuid > 'cipher-18'",
      /ciphers has \d+ rows, and had 30/,
    ],
  ] as const) {
    copyFileSync(join(estate.folder, 'full'), file);
    ask(file, sql);
    const nights = [];
    for (let night = 0; night < 3; night += 1) nights.push(await estate.type(...run));
    const { counts } = manifestOf(copies, first);
    report.row(
      `3.7 ${what}: each night says so, and the last good point is held against retention`,
      nights[0]?.command ?? '',
      'sqlite3: count(*); the manifest; ls, with keep_last: 1',
      holds(
        {
          'each night': nights.every((one) => one.status === 3 && says.test(words(one))),
          'it is held': heldIn(copies).includes(first),
          'with all that there was': counts['users'] === 2 && counts['ciphers'] === 30,
        },
        nights.map((one) => `${one.status} ${words(one).slice(-300)}`).join('\n'),
      ),
    );
  }
  const restored = await estate.type(...back(first));
  vault.stop();
  const calm = await estate.type(...run);
  report.control('a suspicion that never ends', restored.status === 0 && calm.status === 0);
}

async function proveFrozen(report: Report, { estate, copies, data }: VaultwardenPlace): Promise<void> {
  const file = join(data, 'db.sqlite3');
  const days = [];
  for (let day = 0; day < 5; day += 1) {
    ask(file, `INSERT INTO devices VALUES ('d${day}', '${day}', 'user-0')`);
    days.push(await estate.type(...run));
  }
  const frozen = await estate.type(...run);
  report.row(
    '3.7 the very same database, though it used to change, is a finding (`unchanged`: a moment here, a week by default)',
    frozen.command,
    'sha256sum of the database, ls of the points',
    (days.every(({ status }) => status === 0) &&
      frozen.status === 3 &&
      /db\.sqlite3 is the same in every dump/.test(words(frozen)) &&
      heldIn(copies).length > 0) ||
      seen(...days, frozen),
  );
  ask(file, "INSERT INTO devices VALUES ('d9', '9', 'user-0')");
  report.control('a database that is never different', (await estate.type(...run)).status === 0);
}
