// 3.7 MariaDB under fire: what is missing is named, what is good stays, and nothing that is wrong with the server is taken for a dump.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import {
  back,
  fill,
  hidden,
  leftOfRun,
  makeAccounts,
  names,
  pictureOf,
  placeFor,
  pointAt,
  run,
} from './mysql-databases.ts';

const words = ({ stdout, stderr }: Readonly<{ stdout: string; stderr: string }>): string => stdout + stderr;

export async function proveMysqlFaults(report: Report): Promise<void> {
  report.section('3.7 MariaDB under fire');
  const server = await startMariadb();
  try {
    makeAccounts(server);
    for (const name of names) fill(server, name);
    await proveTwelfth(report, server);
    await proveLogins(report, server);
    await proveUnseen(report, server);
    await proveDown(report, server);
    await proveFullDisk(report, server);
    await proveEmptied(report, server);
    await proveFrozen(report, server);
  } finally {
    await server.close();
  }
}

type Breaks = Readonly<{ what: string; code: RegExp; down: boolean; breaks(): unknown; mends(): unknown }>;

/** Eleven of twelve: a file of a table that is gone from the disk, and a view whose table was dropped. */
async function proveTwelfth(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, { keep: { keep_last: 1 } });
  const good = await estate.type(...run);
  const { id: whole } = pointAt(copies, 0);
  const notes = join(server.sql('SELECT @@datadir'), 'notes');
  const each: readonly Breaks[] = [
    {
      ...{ what: 'has lost the file of a table', code: /database-damaged/, down: true },
      breaks: () => sh('mv people.ibd ../people.kept', notes),
      mends: () => sh('mv ../people.kept people.ibd', notes),
    },
    {
      ...{ what: 'has a view whose table is gone', code: /view-broken/, down: false },
      breaks: () => server.sql('CREATE TABLE t (id int); CREATE VIEW broken AS SELECT * FROM t; DROP TABLE t', 'notes'),
      mends: () => server.sql('DROP VIEW broken', 'notes'),
    },
  ];
  const changed = async ({ down }: Breaks, how: () => unknown) => {
    if (down) await server.stop();
    how();
    if (down) await server.start();
  };
  for (const one of each) {
    await changed(one, one.breaks);
    const eleven = await estate.type(...run);
    const { items, missing } = pointAt(copies, -1);
    report.row(
      `3.7 one of twelve ${one.what}: the run is degraded and names it, the eleven are sealed; the last point with it stays`,
      eleven.command,
      'the manifest, the exit code; ls',
      (good.status === 0 &&
        eleven.status === 3 &&
        /notes is missing in this point/.test(words(eleven)) &&
        items.filter(({ form }) => form === 'sql').length === 11 &&
        missing.map(({ name }) => name).join() === 'notes' &&
        one.code.test(missing[0]?.says ?? '') &&
        pointsIn(copies).includes(whole)) ||
        seen(good, eleven, JSON.stringify(missing)),
    );
    await changed(one, one.mends);
  }
  const mended = await estate.type(...run);
  report.control('a run that is degraded for ever', mended.status === 0 && !pointsIn(copies).includes(whole));
  estate.close();
}

async function proveLogins(report: Report, server: MariadbServer): Promise<void> {
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
    '3.7 the login that the page grants dumps all twelve and the accounts, and can destroy nothing',
    least.command,
    'the exit code, the manifest; mariadb, as that login',
    (least.status === 0 &&
      pointAt(copies, 0).items.length === 13 &&
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
  writeFileSync(join(estate.folder, 'dumper'), 'wrong', { mode: 0o600 });
  const there = pointsIn(copies).length;
  const wrong = await estate.type(...run);
  report.row(
    '3.7 a wrong password is called one, and is not said again',
    wrong.command,
    'the words; ls of the points',
    (wrong.status === 1 && /database-login-refused/.test(words(wrong)) && pointsIn(copies).length === there) ||
      seen(wrong),
  );
  writeFileSync(join(estate.folder, 'dumper'), 'dumps only', { mode: 0o600 });
  const right = await estate.type(...run);
  report.control('a login that is refused for ever', right.status === 0);
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
    'holdfast run mysql --now',
    '/proc/*/cmdline, /proc/*/environ; stat',
    (status === 0 &&
      ![...found].some((one) => / of /.test(one)) &&
      [...modes].every((one) => one === '700 root' || /No such/.test(one))) ||
      new Error(`${[...found].join(', ')}; ${[...modes].join(', ')}; ${started.output().slice(-300)}`),
  );
  report.control('what is in a command line (the port)', found.has('the port'));
  estate.close();
}

async function proveDown(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server);
  await estate.type(...run);
  await server.stop();
  const down = await estate.type(...run);
  const restored = await estate.type(...back('shop'));
  const left = estate.journal((runs) => leftOfRun(runs[0]?.id ?? '', copies)) ?? [];
  report.row(
    '3.7 a server that is down: a failed run, a restore that is not begun; the last point stays, nothing unfinished is left',
    `${down.command}; ${restored.command}`,
    'ls of the points, ls /dev/shm',
    (down.status === 1 &&
      [down, restored].every((one) => /database-unreachable/.test(words(one))) &&
      restored.status !== 0 &&
      pointsIn(copies).length === 1 &&
      left.length === 0) ||
      seen(down, restored, left.join(', ')),
  );
  await server.start();
  const up = await estate.type(...run);
  report.control('a server that is down for ever', up.status === 0);
  estate.close();
}

async function proveFullDisk(report: Report, server: MariadbServer): Promise<void> {
  const { estate } = placeFor(server, { to: 'FOLDER/small/copies', compress: 'none', databases: ['shop', 'wiki'] });
  const small = join(estate.folder, 'small');
  server.sql(`CREATE TABLE wiki.big AS SELECT seq, REPEAT(MD5(seq), 4000) AS text FROM mysql.seq_1_to_200`);
  sh('mkdir small; mount -t tmpfs -o size=20m,mode=0700 tmpfs small; mkdir -m 0700 small/copies', estate.folder);
  try {
    const fullDisk = await estate.type(...run);
    const left = sh(`find . -name '.partial*' | wc -l`, small);
    report.row(
      '3.7 a disk that is full in the middle of a dump is called full, and nothing half is left',
      fullDisk.command,
      'find, df',
      (fullDisk.status === 1 && /disk-full|no-room/.test(words(fullDisk)) && left === '0') || seen(fullDisk, left),
    );
    sh(`mount -o remount,size=120m '${small}'`);
    const roomy = await estate.type(...run);
    report.control('a disk that is full for ever', roomy.status === 0);
    const room = sh(`df --output=avail -k '${small}' | tail -1`);
    sh(`head -c $((${room} * 1024 - 18000000)) /dev/zero >'${small}/filler'`);
    const [before, there] = [pictureOf(server, 'wiki'), pointsIn(join(small, 'copies', 'mysql')).length];
    const restored = await estate.type(...back('wiki'));
    report.row(
      '3.15 a disk that has no room for what is to be replaced: nothing is replaced',
      restored.command,
      'mariadb: every row; ls of the points',
      (restored.status === 1 &&
        pictureOf(server, 'wiki') === before &&
        hidden(server) === '' &&
        pointsIn(join(small, 'copies', 'mysql')).length === there) ||
        seen(restored),
    );
  } finally {
    sh(`umount '${small}'`);
    server.sql('DROP TABLE wiki.big');
    estate.close();
  }
}

/** Rule 10: an owner found fourteen dumps of an empty database, and no other. */
async function proveEmptied(report: Report, server: MariadbServer): Promise<void> {
  for (const [what, sql, says] of [
    [
      'rows went to zero',
      'SET foreign_key_checks = 0; DELETE FROM people; DELETE FROM visits; DELETE FROM years; DELETE FROM plain',
      /no rows, and had/,
    ],
    ['rows are half of what they were', 'DELETE FROM people WHERE id > 90', /and had 404/],
    [
      'tables are empty, most of them',
      'DELETE FROM visits; DELETE FROM years; DELETE FROM plain',
      /has rows in 1 table, and had in 4/,
    ],
  ] as const) {
    const { estate, copies } = placeFor(server, { keep: { keep_last: 2 }, databases: ['tasks', 'mail'] });
    await estate.type(...run);
    const { id: first, items } = pointAt(copies, 0);
    const before = pictureOf(server, 'tasks');
    server.sql(sql, 'tasks');
    const nights = [];
    for (let night = 0; night < 3; night += 1) nights.push(await estate.type(...run));
    report.row(
      `3.7 a database whose ${what}: each night says so, and the last good point is held against retention`,
      nights[0]?.command ?? '',
      'the exit codes, the words, ls',
      (nights.every((one) => one.status === 3 && says.test(words(one))) &&
        pointsIn(copies).includes(first) &&
        pointAt(copies, 0).held &&
        items.some(({ counts }) => counts['rows'] === 404)) ||
        seen(...nights),
    );
    const restored = await estate.type(...back('tasks', '--point', first));
    const calm = await estate.type(...run);
    report.control(
      `a suspicion that never ends (${what})`,
      restored.status === 0 && calm.status === 0 && pictureOf(server, 'tasks') === before,
    );
    estate.close();
  }
}

/** What always changed and does no longer has lost whoever writes to it. */
async function proveFrozen(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, {
    keep: { keep_last: 20 },
    databases: ['auth'],
    judgement: { unchanged: '1s' },
  });
  for (let night = 0; night < 4; night += 1) {
    server.sql(`INSERT INTO people (name) VALUES ('${'x'.repeat(night + 1)}')`, 'auth');
    const lively = await estate.type(...run);
    if (night === 3) report.control('what changes every night', lively.status === 0);
  }
  const nights = [];
  for (let night = 0; night < 3; night += 1) nights.push(await estate.type(...run));
  const last = nights.at(-1) ?? nights[0];
  report.row(
    '3.7 a database that always changed and is the same for as long as is declared is suspicious',
    last?.command ?? '',
    'the exit code, the words, ls',
    (last?.status === 3 && /auth is the same in every dump/.test(words(last)) && pointsIn(copies).length === 7) ||
      seen(...nights),
  );
  estate.close();
}
