// 3.7 MariaDB under fire: what is missing is named, what is good stays, and nothing that is wrong with the server is taken for a dump.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import {
  back,
  fill,
  hidden,
  layerName,
  leftOfRun,
  makeAccounts,
  names,
  pictureOf,
  placeFor,
  pointAt,
  run,
  words,
  wreck,
} from './mysql-databases.ts';

export async function proveMysqlFaults(report: Report): Promise<void> {
  report.section('3.7 MariaDB under fire');
  const server = await startMariadb();
  try {
    makeAccounts(server);
    for (const name of names) fill(server, name);
    await proveTwelfth(report, server);
    await proveDown(report, server);
    await proveHeld(report, server);
    await proveFullDisk(report, server);
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

async function proveDown(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, { databases: ['shop'] });
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

/** A connection that is in no database is sent away by nobody, and a transaction of it may hold any table. */
async function proveHeld(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, { databases: ['mail'] });
  await estate.type(...run);
  wreck(server, 'mail');
  const wrecked = pictureOf(server, 'mail');
  const login = ['--no-defaults', `--socket=${server.socket}`, '--unbuffered', '--batch'];
  const holder = spawn('mariadb', login, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(holder, 'exit');
  try {
    holder.stdin.write('BEGIN; SELECT COUNT(*) FROM mail.people;\n');
    await once(holder.stdout, 'data');
    const held = await estate.type(...back('mail'));
    const id = estate.journal((runs) => runs[0]?.id) ?? '';
    report.row(
      '3.15 a table that somebody holds in a transaction: the restore says so after half a minute, and nothing was replaced',
      held.command,
      'mariadb: every row, SHOW DATABASES; ps, find, ls /dev/shm',
      (held.status === 1 &&
        /database-in-use/.test(words(held)) &&
        pictureOf(server, 'mail') === wrecked &&
        hidden(server) === '' &&
        leftOfRun(id, copies).length === 0) ||
        seen(held, hidden(server), leftOfRun(id, copies).join(', ')),
    );
  } finally {
    holder.stdin.end('COMMIT;\n');
    await gone;
  }
  const free = await estate.type(...back('mail', '--point', pointAt(copies, 0).id));
  report.control('a table that is held for ever', free.status === 0 && pictureOf(server, 'mail') !== wrecked);
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
    const [before, there] = [pictureOf(server, 'wiki'), pointsIn(join(small, 'copies', layerName)).length];
    const restored = await estate.type(...back('wiki'));
    report.row(
      '3.15 a disk that has no room for what is to be replaced: nothing is replaced',
      restored.command,
      'mariadb: every row; ls of the points',
      (restored.status === 1 &&
        pictureOf(server, 'wiki') === before &&
        hidden(server) === '' &&
        pointsIn(join(small, 'copies', layerName)).length === there) ||
        seen(restored),
    );
  } finally {
    sh(`umount '${small}'`);
    server.sql('DROP TABLE wiki.big');
    estate.close();
  }
}
