// 3.7 MariaDB and who logs in: the least that is enough, what is said of less, and a password that nobody sees.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, makeAccounts, pictureOf, placeFor, pointAt, run, words } from './mysql-databases.ts';

export async function proveMysqlLogins(report: Report): Promise<void> {
  report.section('3.7 MariaDB: logins');
  const server = await startMariadb();
  try {
    makeAccounts(server);
    for (const name of ['mail', 'shop', 'wiki']) fill(server, name);
    await proveRights(report, server);
    await proveUnseen(report, server);
  } finally {
    await server.close();
  }
}

async function proveRights(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, { server: { user: 'dumper', password: { file: 'FOLDER/dumper' } } });
  server.sql(
    `CREATE USER dumper@'%' IDENTIFIED BY 'dumps only'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO dumper@'%'`,
  );
  writeFileSync(join(estate.folder, 'dumper'), 'dumps only', { mode: 0o600 });
  const least = await estate.type(...run);
  const can = (sql: string) =>
    tried('mariadb', [
      '--no-defaults',
      '-h127.0.0.1',
      `-P${server.port}`,
      '-udumper',
      '-pdumps only',
      'shop',
      '-e',
      sql,
    ]);
  report.row(
    '3.7 the login that the page grants dumps every database and the accounts, and can destroy nothing',
    least.command,
    'the exit code, the manifest; mariadb, as that login',
    (least.status === 0 &&
      pointAt(copies, 0).items.length === 4 &&
      ['DELETE FROM people', 'DROP TABLE years', 'DROP DATABASE shop', 'CREATE TABLE x (id int)'].every((sql) =>
        /denied/.test(can(sql).says),
      )) ||
      seen(least),
  );
  const before = pictureOf(server, 'shop');
  const refused = await estate.type(...back('shop'));
  report.row(
    '3.15 with that login nothing is brought back, and the fault says what to give',
    refused.command,
    'the words; mariadb: every row',
    (refused.status === 1 &&
      /restore-not-allowed/.test(words(refused)) &&
      /restore_as/.test(words(refused)) &&
      pictureOf(server, 'shop') === before) ||
      seen(refused),
  );
  for (const [right, says] of [
    ['TRIGGER', /triggers are missing/],
    ['EVENT', /is missing in this point: dump-not-allowed/],
    ['SHOW VIEW', /is missing in this point: dump-not-allowed|nothing-dumped/],
  ] as const) {
    server.sql(`REVOKE ${right} ON *.* FROM dumper@'%'`);
    const less = await estate.type(...run);
    report.row(
      `3.7 without ${right} the dump is no smaller one in silence: it is said`,
      less.command,
      'the exit code, the words',
      (less.status !== 0 && says.test(words(less))) || seen(less),
    );
    server.sql(`GRANT ${right} ON *.* TO dumper@'%'`);
  }
  writeFileSync(join(estate.folder, 'dumper'), 'not-this-one', { mode: 0o600 });
  const there = pointsIn(copies).length;
  const wrong = await estate.type(...run);
  report.row(
    '3.7 a wrong password is called one, and is not said again',
    wrong.command,
    'the words; ls of the points',
    (wrong.status === 1 &&
      !words(wrong).includes('not-this-one') &&
      /database-login-refused/.test(words(wrong)) &&
      pointsIn(copies).length === there) ||
      seen(wrong),
  );
  writeFileSync(join(estate.folder, 'dumper'), 'dumps only', { mode: 0o600 });
  const right = await estate.type(...run);
  report.row(
    '3.7 with the right one and all of its rights back, the next run is fine',
    right.command,
    'the exit code',
    right.status === 0 || seen(right),
  );
  server.sql(`GRANT DROP, DELETE, CREATE ON *.* TO dumper@'%'`);
  const more = await estate.type(...run);
  report.control(
    'a login that can destroy what it dumps',
    /has DROP, DELETE: for dumps a login is enough that can destroy nothing/.test(words(more)) &&
      ['CREATE TABLE x (id int)', 'DROP TABLE x'].every((sql) => can(sql).status === 0),
  );
  estate.close();
}

/** Every command line and environment on this machine, again and again while a run is at work. */
async function proveUnseen(report: Report, server: MariadbServer): Promise<void> {
  const { estate } = placeFor(server);
  const found = new Set<string>();
  const modes = new Set<string>();
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      for (const file of ['cmdline', 'environ'])
        try {
          const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
          if (text.includes(server.password)) found.add(`${file} of ${pid}`);
          if (text.includes(`--port=${server.port}`) && text.includes('mariadb-dump')) found.add('the port');
        } catch {
          // it has ended meanwhile
        }
    for (const folder of readdirSync('/dev/shm').filter((name) => name.startsWith('.holdfast-')))
      modes.add(tried('stat', ['-c', '%a %U', join('/dev/shm', folder)]).says.trim());
  };
  const started = estate.start(...run);
  let status: number | null | undefined;
  void started.ended.then((code) => (status = code));
  while (status === undefined) {
    look();
    await new Promise((resolve) => setImmediate(resolve));
  }
  report.row(
    '3.7 the password is in no command line and no environment of any process, at no moment; its file is for its owner alone',
    `holdfast ${run.join(' ')}`,
    '/proc/*/cmdline, /proc/*/environ; stat',
    (status === 0 &&
      ![...found].some((one) => / of /.test(one)) &&
      [...modes].every((one) => one === '700 root' || /No such/.test(one))) ||
      new Error(`${[...found].join(', ')}; ${[...modes].join(', ')}; ${started.output().slice(-300)}`),
  );
  report.control('what is in a command line (the port)', found.has('the port'));
  estate.close();
}
