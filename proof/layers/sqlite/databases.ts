// Databases of a folder, as applications leave them: deep, oddly named, with a log that nobody merged, locked, damaged.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beside, damage, database, fill } from '../../../src/layers/common/sqlite/databases.test-support.ts';
import { type Estate, estateIn } from '../../../test/e2e/estate.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import { metadata, pointsIn, sh, sqlite } from '../place.ts';

export const appsEstate = `
estate: apps
machines: [{ name: here, local: true }]
workloads: [{ name: apps }]
layers:
  - { name: databases, kind: sqlite, machine: here, workload: apps, from: { folder: FOLDER/data }, to: FOLDER/copies, keep: { keep_last: 2 } }
`;

const deep = "one/two's/three/four/five/six";

export async function proveDatabases(report: Report): Promise<void> {
  report.section('3.4 SQLite: databases of a folder');
  const estate = estateIn(appsEstate, 'apps');
  const data = join(estate.folder, 'data');
  mkdirSync(join(data, deep), { recursive: true });
  const open = hotWith(join(data, deep, 'state.dat'));
  try {
    database(join(data, 'plain.db'), 50);
    for (const name of ['-rf', 'new\nline', `it's "quoted" $(touch x)`, 'x.not-a-database'])
      database(join(data, name), 7);
    writeFileSync(
      Buffer.concat([Buffer.from(`${data}/`), Buffer.of(0xff, 0xfe, 0x80)]),
      readFileSync(join(data, '-rf')),
    );
    writeFileSync(join(data, 'only.txt'), 'no database');
    sh(
      `chown 1234:4321 plain.db; chmod 0640 plain.db; setfattr -n user.note -v kept plain.db; setfacl -m u:1234:r plain.db
       chmod 2750 one; touch -d 2001-02-03T04:05:06Z plain.db`,
      data,
    );
    await proveWhole(report, estate, data, open);
    await proveLocked(report, estate, data);
    await proveDamaged(report, estate, data);
  } finally {
    open.close();
    estate.close();
  }
}

/** Open in an application, 500 rows of which stand in its log alone. */
function hotWith(path: string): DatabaseSync {
  const open = new DatabaseSync(path);
  open.exec(
    'PRAGMA journal_mode=wal; PRAGMA wal_autocheckpoint=0; CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)',
  );
  open.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  fill(open, 500);
  return open;
}

async function proveWhole(report: Report, estate: Estate, data: string, open: DatabaseSync): Promise<void> {
  // The memory that its readers share is theirs to write to.
  const sums = () => sh("find . -type f ! -name '*-shm' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum", data);
  const state = () =>
    [
      sums(),
      ...metadata(data)
        .split('\n')
        .filter((line) => !/-shm /.test(line)),
    ].join('\n');
  const before = state();
  const ran = await estate.type('run', 'databases', '--now');
  report.row(
    '3.4 databases at any depth, of any name and suffix, one of them open: all copied, the sources as they were',
    ran.command,
    'sha256sum, stat, getfacl and getfattr of the sources',
    (ran.status === 0 && state() === before) || seen(ran),
  );
  const back = join(estate.folder, 'back');
  const restored = await estate.type('restore', 'apps', '--to', back, '--yes');
  const rows = (folder: string) =>
    sh(
      `find . -type f ! -name '*-wal' ! -name '*-shm' ! -name only.txt -print0 | LC_ALL=C sort -z |
         xargs -0 -I{} sh -c 'sqlite3 -batch "file:$(printf %s "$1" | sed "s/%/%25/g;s/?/%3f/g;s/#/%23/g")" "SELECT count(*) FROM notes; PRAGMA integrity_check" | tr "\\n" " "' sh {}`,
      folder,
    );
  report.row(
    '3.4 restored into an empty place: every row that was committed, none in a log beside it',
    restored.command,
    'sqlite3 of both: count(*), PRAGMA integrity_check',
    (restored.status === 0 && rows(back) === rows(data) && beside(join(back, deep, 'state.dat')).length === 0) ||
      seen(restored, rows(back), rows(data)),
  );
  const plain = join(estate.folder, 'plain-copy');
  copyFileSync(join(data, deep, 'state.dat'), plain);
  open.exec('SELECT 1');
  report.control('a copy without its log', sqlite(plain, 'SELECT count(*) FROM notes') !== '500');
  const of = (folder: string) =>
    metadata(folder)
      .split('\n')
      .filter((line) => !/-(wal|shm) |only\.txt/.test(line) && !/^\.(\/one.*)? .*dat/.test(line));
  const wanted = of(data).filter(
    (line) => line.includes('plain.db') || line.includes('1234') || line.includes('user.note'),
  );
  report.row(
    '3.4 with owner, mode, ACL, attributes and times',
    restored.command,
    'find -printf, getfacl, getfattr of both',
    (wanted.length >= 4 && wanted.every((line) => of(back).includes(line))) ||
      seen(wanted.join('\n'), of(back).join('\n')),
  );
  report.row(
    '3.4 and nothing that is no database',
    restored.command,
    'ls',
    !existsSync(join(back, 'only.txt')) &&
      existsSync(Buffer.concat([Buffer.from(`${back}/`), Buffer.of(0xff, 0xfe, 0x80)])),
  );
  rmSync(back, { recursive: true });
}

async function proveLocked(report: Report, estate: Estate, data: string): Promise<void> {
  const held = new DatabaseSync(join(data, 'plain.db'));
  held.exec('BEGIN EXCLUSIVE');
  const ran = await estate.type('run', 'databases', '--now');
  held.exec('ROLLBACK');
  held.close();
  report.row(
    '3.4 one that stays locked is copied as plain bytes, and the run says so: degraded',
    ran.command,
    'its exit code and words; sqlite3 holds the lock meanwhile',
    (ran.status === 3 && /plain\.db.*(locked|plain|bytes)/.test(`${ran.stdout}${ran.stderr}`)) || seen(ran),
  );
  const free = await estate.type('run', 'databases', '--now');
  report.control('a fallback, said where there is none', free.status === 0);
}

async function proveDamaged(report: Report, estate: Estate, data: string): Promise<void> {
  const large = join(data, 'large.db');
  database(large, 3000);
  await estate.type('run', 'databases', '--now');
  const good = pointsIn(join(estate.folder, 'copies', 'databases'));
  damage(large);
  report.control('a damaged database, by sqlite3', sqlite(large, 'PRAGMA integrity_check') !== 'ok');
  const ran = await estate.type('run', 'databases', '--now');
  await estate.type('run', 'databases', '--now');
  const now = pointsIn(join(estate.folder, 'copies', 'databases'));
  report.row(
    '3.4 one of them damaged: named, the others copied, and no older point goes',
    ran.command,
    'ls of the points, beyond what `keep` says',
    (ran.status === 3 &&
      /large\.db is damaged/.test(`${ran.stdout}${ran.stderr}`) &&
      good.every((name) => now.includes(name)) &&
      now.length === good.length + 2) ||
      seen(ran, `${good.join()} -> ${now.join()}`),
  );
  const back = join(estate.folder, 'back');
  await estate.type('restore', 'apps', '--to', back, '--point', [...good].sort().at(-1) ?? '', '--yes');
  report.row(
    '3.4 the point before brings it back whole',
    'holdfast restore apps --point … --to back',
    'sqlite3: PRAGMA integrity_check',
    sqlite(join(back, 'large.db'), 'PRAGMA integrity_check') === 'ok',
  );
  const point = join(estate.folder, 'copies', 'databases', [...now].sort().at(-1) ?? '', 'contents.tar');
  const bytes = readFileSync(point);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(point, bytes);
  rmSync(back, { recursive: true, force: true });
  const refused = await estate.type('restore', 'apps', '--to', back, '--yes');
  report.control(
    'a point with one changed bit',
    refused.status === 1 && /point-damaged/.test(`${refused.stdout}${refused.stderr}`) && !existsSync(back),
  );
}
