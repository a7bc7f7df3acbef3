// 3.7 MariaDB, large: a thousand databases, and a table of 2 GB. Only with --full.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, hidden, placeFor, pointAt, run } from './mysql-databases.ts';

export async function proveMysqlLarge(report: Report, full: boolean): Promise<void> {
  report.section('3.7 MariaDB, large');
  if (!full) return report.skip('3.7 a thousand databases, a table of 2 GB', '--full');
  const server = await startMariadb();
  try {
    await proveThousand(report, server);
    await proveTwoGigabytes(report, server);
  } finally {
    await server.close();
  }
}

const thousand = Array.from({ length: 1000 }, (_, nth) => `many_${nth}`);
const sums = (server: MariadbServer): string =>
  server.sql(thousand.map((name) => `SELECT '${name}', COUNT(*), SUM(id) FROM ${name}.t;`).join('\n'));

async function proveThousand(report: Report, server: MariadbServer): Promise<void> {
  server.sql(
    thousand
      .map(
        (name, nth) =>
          `CREATE DATABASE ${name}; CREATE TABLE ${name}.t (id int PRIMARY KEY); INSERT INTO ${name}.t SELECT seq FROM mysql.seq_1_to_${20 + nth};`,
      )
      .join('\n'),
  );
  const { estate, copies } = placeFor(server);
  const taken = await estate.type(...run);
  const { id, items } = pointAt(copies, 0);
  report.row(
    '3.7 a thousand databases: a thousand parts',
    taken.command,
    'ls, zstd -t',
    (taken.status === 0 &&
      items.length === 1001 &&
      sh('zstd -tq *.zst && ls *.zst | wc -l', join(copies, id)) === '1002') ||
      seen(taken, `${items.length} items`),
  );
  const before = sums(server);
  server.sql('DELETE FROM many_500.t WHERE id > 3');
  report.control('one of a thousand that was wrecked', sums(server) !== before);
  const one = await estate.type(...back('many_500', '--point', id));
  report.row(
    '3.15 one of a thousand comes back',
    one.command,
    'mariadb: rows and sums of all',
    (one.status === 0 && sums(server) === before && hidden(server) === '') || seen(one),
  );
  const other = await startMariadb();
  const elsewhere = placeFor(other);
  try {
    sh(`cp -a '${copies}' copies/`, elsewhere.estate.folder);
    const all = await elsewhere.estate.type('restore', 'apps', '--point', id, '--to', 'live', '--yes');
    report.row(
      '4.3 a thousand databases onto a server that has nothing',
      all.command,
      'mariadb: rows and sums of all',
      (all.status === 0 && sums(other) === before && hidden(other) === '') || seen(all),
    );
  } finally {
    await other.close();
    elsewhere.estate.close();
    estate.close();
  }
  server.sql(thousand.map((name) => `DROP DATABASE ${name};`).join('\n'));
}

async function proveTwoGigabytes(report: Report, server: MariadbServer): Promise<void> {
  server.sql(`CREATE DATABASE large; CREATE TABLE large.t (id int PRIMARY KEY, half varchar(4100), raw longblob);
    INSERT INTO large.t SELECT seq, REPEAT(SHA2(seq, 512), 32), REPEAT(UNHEX(SHA2(-seq, 512)), 64) FROM mysql.seq_1_to_262144;`);
  const sum = () =>
    server.sql('CHECKSUM TABLE large.t EXTENDED; SELECT COUNT(*), SUM(LENGTH(half) + LENGTH(raw)) FROM large.t');
  const before = sum();
  const { estate, copies } = placeFor(server, { databases: ['large'] });
  const started = estate.start(...run);
  const most = await mostMemoryOf(started.process.pid ?? 0, started.ended);
  const { id, items } = pointAt(copies, 0);
  report.row(
    `3.7 a table of 2 GB is dumped, and what works for it never has more than 300 MB (${Math.round(most / 1024)} MB)`,
    'holdfast run mysql --now',
    'the manifest; /proc/*/status',
    (/\t2147483648$/.test(before) &&
      items.some(({ name, counts }) => name === 'large' && counts['rows'] === 262_144) &&
      most > 0 &&
      most < 300 * 1024) ||
      new Error(`${before}; ${JSON.stringify(items)}; ${started.output().slice(-500)}`),
  );
  server.sql('DELETE FROM large.t WHERE id % 2 = 0');
  report.control('a table that lost half of its rows', sum() !== before);
  const restored = await estate.type(...back('large', '--point', id));
  report.row(
    '3.15 a table of 2 GB comes back',
    restored.command,
    'mariadb: CHECKSUM TABLE EXTENDED',
    (restored.status === 0 && sum() === before && hidden(server) === '') || seen(restored),
  );
  estate.close();
}

/** The most memory that the command's own worker ever had, in KiB, as the kernel kept it while it ran. */
async function mostMemoryOf(supervisor: number, ended: Promise<unknown>): Promise<number> {
  let over = false;
  void ended.then(() => (over = true));
  let most = 0;
  while (!over) {
    for (const pid of childrenOf(supervisor)) most = Math.max(most, peakOf(pid));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return most;
}

const readOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const childrenOf = (pid: number): readonly number[] =>
  readOf(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((one) => one !== '')
    .map(Number);

const peakOf = (pid: number): number => Number(/VmHWM:\s+(\d+)/.exec(readOf(`/proc/${pid}/status`))?.[1] ?? 0);
