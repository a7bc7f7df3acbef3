// 3.7 PostgreSQL under fire: what is missing is named, what is good stays, and no exit code is believed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '../../src/layers/postgres/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, makeKeeper, names, placeFor, run } from './databases.ts';

export async function provePostgresFaults(report: Report, full: boolean): Promise<void> {
  report.section('3.7 PostgreSQL under fire');
  const server = await startPostgres();
  try {
    makeKeeper(server);
    for (const name of names) {
      fill(server, name);
      if (name !== 'photos') server.psql(name, unlink);
    }
    await proveTwelfth(report, server);
    await proveLogins(report, server);
    await proveDown(report, server);
    await proveCut(report, server);
    await proveFullDisk(report, server);
    await proveEmptied(report, server);
    if (full) await proveThousand(report, server);
  } finally {
    server.close();
  }
}

/** What is in no table: no role but its owner and a superuser reads it, whatever it may read else. */
const unlink = 'SELECT count(lo_unlink(oid)) FROM pg_largeobject_metadata';

/** Eleven of twelve: a table whose first page is no page any more. */
async function proveTwelfth(report: Report, server: PostgresServer): Promise<void> {
  const { estate, copies } = placeFor(server);
  const good = await estate.type(...run);
  const path = server.psql(
    'notes',
    `SELECT current_setting('data_directory') || '/' || pg_relation_filepath('app.items')`,
  );
  const kept = join(estate.folder, 'kept-page');
  server.stop();
  sh(`cp -a '${path}' '${kept}'; dd if=/dev/urandom of='${path}' bs=8192 count=1 conv=notrunc status=none`, '/');
  server.start();
  const eleven = await estate.type(...run);
  const [, newest = ''] = pointsIn(copies);
  report.row(
    '3.7 one database of twelve is broken: the run is degraded and names it, the eleven are sealed',
    eleven.command,
    'the manifest; ls',
    (good.status === 0 &&
      eleven.status === 3 &&
      /notes is missing in this point/.test(eleven.stdout + eleven.stderr) &&
      sh(
        `jq -r '.details.missing[].name' '${newest}/manifest.json' 2>/dev/null || grep -o '"name": "notes"' '${newest}/manifest.json'`,
        copies,
      ) !== '') ||
      seen(good, eleven),
  );
  server.stop();
  sh(`cp -a '${kept}' '${path}'; rm '${kept}'`, '/');
  server.start();
  const whole = await estate.type(...run);
  report.control('a run that is degraded for ever', whole.status === 0);
  estate.close();
}

async function proveLogins(report: Report, server: PostgresServer): Promise<void> {
  server.psql('postgres', `CREATE ROLE dumper LOGIN PASSWORD 'dumps only'; GRANT pg_read_all_data TO dumper`);
  const { estate } = placeFor(server, {
    server: { host: '127.0.0.1', port: server.port, user: 'dumper', password: { file: 'FOLDER/dumper' } },
  });
  writeFileSync(join(estate.folder, 'dumper'), 'dumps only', { mode: 0o600 });
  const objects = await estate.type(...run);
  report.row(
    '3.7 large objects, which a role for dumps may not read, make that database missing, by name',
    objects.command,
    'the exit code, the words',
    (objects.status === 3 &&
      /photos is missing in this point: dump-not-allowed/.test(objects.stdout + objects.stderr) &&
      !/wiki is missing/.test(objects.stdout + objects.stderr)) ||
      seen(objects),
  );
  server.psql('photos', unlink);
  const least = await estate.type(...run);
  report.row(
    '3.7 a role that may only read dumps every database; that the roles are without passwords is said',
    least.command,
    'the exit code, the words',
    (least.status === 3 &&
      /without passwords/.test(least.stdout + least.stderr) &&
      !/is missing in/.test(least.stdout + least.stderr)) ||
      seen(least),
  );
  server.psql(
    'mail',
    `CREATE TABLE app.secret (t text); ALTER TABLE app.secret ENABLE ROW LEVEL SECURITY; INSERT INTO app.secret VALUES ('x')`,
  );
  const hidden = await estate.type(...run);
  report.row(
    '3.7 rows that the role may not see make that database missing, by name, and never a smaller dump',
    hidden.command,
    'the exit code, the words',
    (hidden.status === 3 && /mail is missing in this point/.test(hidden.stdout + hidden.stderr)) || seen(hidden),
  );
  server.psql('mail', 'DROP TABLE app.secret');
  writeFileSync(join(estate.folder, 'dumper'), 'wrong', { mode: 0o600 });
  const wrong = await estate.type(...run);
  report.row(
    '3.7 a wrong password is called one',
    wrong.command,
    'the words',
    (wrong.status === 1 && /database-login-refused/.test(wrong.stdout + wrong.stderr)) || seen(wrong),
  );
  estate.close();
}

async function proveDown(report: Report, server: PostgresServer): Promise<void> {
  const { estate, copies } = placeFor(server);
  await estate.type(...run);
  server.stop();
  const down = await estate.type(...run);
  server.start();
  report.row(
    '3.7 a server that is down: a failed run, the last point stays, nothing unfinished is left',
    down.command,
    'ls of the points',
    (down.status === 1 && /database-unreachable/.test(down.stdout + down.stderr) && pointsIn(copies).length === 1) ||
      seen(down),
  );
  const up = await estate.type(...run);
  report.control('a server that is down for ever', up.status === 0);
  estate.close();
}

/** A pg_dump that ends well after half of its output: nobody's exit code is a proof. */
async function proveCut(report: Report, server: PostgresServer): Promise<void> {
  const { estate, copies } = placeFor(server, { programs: 'FOLDER/programs' });
  const programs = join(estate.folder, 'programs');
  const real = sh(`ls -d /usr/lib/postgresql/*/bin | tail -1`, '/').trim();
  sh(
    `mkdir programs; for each in psql pg_dump pg_dumpall pg_restore; do ln -s ${real}/$each programs/$each; done`,
    estate.folder,
  );
  const whole = await estate.type(...run);
  const lie = (body: string) =>
    sh(
      `rm programs/pg_dump; printf '%s' "$BODY" >programs/pg_dump; chmod 755 programs/pg_dump`.replace(
        '"$BODY"',
        `'${body.replaceAll("'", `'\\''`)}'`,
      ),
      estate.folder,
    );
  for (const [what, body] of [
    ['a program that is killed midway', `#!/bin/sh\n${real}/pg_dump "$@" | head -c 2000; kill -9 $$\n`],
    ['a program that says nothing and ends well', `#!/bin/sh\nexit 0\n`],
    ['zeros that end well', `#!/bin/sh\nhead -c 100000 /dev/zero\n`],
  ] as const) {
    lie(body);
    const cut = await estate.type(...run);
    report.row(
      `3.7 ${what}: not one such dump is sealed`,
      cut.command,
      'the manifests',
      (cut.status !== 0 &&
        pointsIn(copies)
          .slice(1)
          .every((point) => !sh(`cat manifest.json`, join(copies, point)).includes('"form": "dump"'))) ||
        seen(cut),
    );
  }
  report.control('a check that takes no dump at all', whole.status === 0);
  sh(`rm -r '${programs}'`, '/');
  estate.close();
}

async function proveFullDisk(report: Report, server: PostgresServer): Promise<void> {
  const { estate } = placeFor(server, { to: 'FOLDER/small/copies', compress: 'none' });
  const small = join(estate.folder, 'small');
  sh(
    `mkdir small; mount -t tmpfs -o size=24m,mode=0700 tmpfs small; head -c 23500000 /dev/zero >small/filler`,
    estate.folder,
  );
  const fullDisk = await estate.type(...run);
  const left = sh(`find . -name '.partial*' | wc -l`, small).trim();
  report.row(
    '3.7 a full disk at the target is called one, and nothing half is left',
    fullDisk.command,
    'find',
    (fullDisk.status === 1 && /disk-full|no-room/.test(fullDisk.stdout + fullDisk.stderr) && left === '0') ||
      seen(fullDisk, left),
  );
  sh('rm small/filler', estate.folder);
  const roomy = await estate.type(...run);
  report.control('a disk that is full for ever', roomy.status === 0);
  sh(`umount '${small}'`, '/');
  estate.close();
}

/** Rule 10: an owner found fourteen dumps of an empty database, and no other. */
async function proveEmptied(report: Report, server: PostgresServer): Promise<void> {
  const { estate, copies } = placeFor(server, { keep: { keep_last: 2 }, databases: ['tasks'] });
  await estate.type(...run);
  server.psql('tasks', 'DELETE FROM app.tags; DELETE FROM app.items');
  const runs = [];
  for (let night = 0; night < 4; night += 1) runs.push(await estate.type(...run));
  const [first = ''] = pointsIn(copies);
  const manifest = sh('cat manifest.json; ls', join(copies, first));
  report.row(
    '3.7 a database whose rows went to zero: each night says so, and the last good point is held against retention',
    runs[0]?.command ?? '',
    'the manifests, ls',
    (runs.every(({ status, stdout, stderr }) => status === 3 && /no rows, and had/.test(stdout + stderr)) &&
      /"rows": 6\d\d/.test(manifest) &&
      /HOLD/.test(manifest)) ||
      seen(...runs),
  );
  const restored = await estate.type(...back('tasks', '--point', first));
  const calm = await estate.type(...run);
  report.control('a suspicion that never ends', restored.status === 0 && calm.status === 0);
  estate.close();
}

async function proveThousand(report: Report, server: PostgresServer): Promise<void> {
  for (let nth = 0; nth < 1000; nth += 1) server.psql('postgres', `CREATE DATABASE "many ${nth}" STRATEGY file_copy`);
  const { estate, copies } = placeFor(server);
  const thousand = await estate.type(...run);
  const [point = ''] = pointsIn(copies);
  report.row(
    '3.7 a thousand databases: a thousand parts',
    thousand.command,
    'ls',
    (thousand.status === 0 && Number(sh('ls *.dump.zst | wc -l', join(copies, point))) === 1014) || seen(thousand),
  );
  estate.close();
}
