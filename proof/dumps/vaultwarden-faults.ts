// 3.7 Vaultwarden under fire: a damaged database is an alarm and no point, files that are missing are named, what went to zero is a
// finding; a disk that is full, a machine without sqlite3, a service that does not do as it is told.
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { damage } from '../../src/layers/common/sqlite/databases.test-support.ts';
import { ask } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { estateAt } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh, sqlite } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { failedRow, heldIn, manifestOf, newestOf, pointsOf, run, smallDisk, untouched, words } from './apps.ts';
import { asked, enlarge, pictureOf, type VaultwardenPlace, vaultwardenPlace } from './vaultwarden-place.ts';

export async function proveVaultwardenFaults(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Vaultwarden under fire');
  const parts = [
    proveDamaged,
    proveMissing,
    proveEmptied,
    proveFrozen,
    proveWithoutSqlite,
    proveDamagedPoint,
    proveServices,
  ];
  for (const prove of parts) {
    const place = vaultwardenPlace({
      keep: { keep_last: prove === proveFrozen ? 20 : 1 },
      judgement: { unchanged: prove === proveFrozen ? '1ms' : '7d' },
    });
    try {
      await prove(report, place, full);
    } finally {
      place.close();
    }
  }
  await proveFullDisk(report);
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
async function proveEmptied(report: Report, { estate, copies, data, back }: VaultwardenPlace): Promise<void> {
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
  rmSync(`${file}-wal`, { force: true });
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

async function proveWithoutSqlite(report: Report, place: VaultwardenPlace): Promise<void> {
  const { estate, copies, data } = place;
  const tools = join(estate.folder, 'tools');
  sh(`mkdir '${tools}'; for one in /usr/bin/* /bin/*; do ln -sf "$one" '${tools}'; done; rm '${tools}/sqlite3'`);
  const poor = estateAt(estate.file, estate.name, estate.state, estate.folder, { ...process.env, PATH: tools });
  const answer = await poor.type(...run);
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
