// 3.7 MariaDB, by other ways: over TLS alone, packed with gzip, encrypted with age, by an account without a password, and events that stay asleep.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, makeAccounts, pictureOf, placeFor, run, words, wreck } from './mysql-databases.ts';
import { proveEncrypted, provePacked } from './mysql-stored.ts';
import { certificatesIn, proveTls } from './mysql-tls.ts';

export async function proveMysqlWays(report: Report): Promise<void> {
  report.section('3.7 MariaDB over TLS, packed and encrypted');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
  const certificates = certificatesIn(folder);
  const server = await startMariadb(certificates.options);
  try {
    makeAccounts(server);
    for (const name of ['shop', 'wiki']) fill(server, name);
    await proveTls(report, server, certificates);
    await provePacked(report, server);
    await proveEncrypted(report, server);
    await proveSocket(report, server);
    await proveEvents(report, server);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}

async function proveSocket(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, {
    as: 'mysql',
    server: { host: server.socket, user: undefined, password: undefined },
  });
  const before = pictureOf(server, 'wiki');
  const taken = await estate.type(...run);
  wreck(server, 'wiki');
  const restored = await estate.type(...back('wiki'));
  report.row(
    '3.7 as: the account that its tools run as logs in by the socket, without any password',
    `${taken.command}; ${restored.command}`,
    'mariadb: every row',
    (taken.status === 0 &&
      pointsIn(copies).length === 2 &&
      restored.status === 0 &&
      pictureOf(server, 'wiki') === before) ||
      seen(taken, restored),
  );
  // It reaches the socket, and is somebody else.
  sh(`chmod o+x '${dirname(server.socket)}'`);
  const { estate: nobody } = placeFor(server, {
    as: 'nobody',
    server: { host: server.socket, user: 'mysql', password: undefined },
  });
  const refused = await nobody.type(...run);
  report.control(
    'another account at that socket',
    refused.status === 1 && /database-login-refused/.test(words(refused)),
  );
  estate.close();
  nobody.close();
}

/** The copy that a restore loads to count its rows has the events of the live one: two that send bills would be one too many. */
async function proveEvents(report: Report, server: MariadbServer): Promise<void> {
  server.sql(`CREATE DATABASE bills; CREATE TABLE bills.sent (at datetime(6), by_database varchar(64)); CREATE DATABASE diary; CREATE TABLE diary.log (by_database varchar(64));
    CREATE TABLE bills.more AS SELECT seq, REPEAT(MD5(seq), 4000) AS text FROM mysql.seq_1_to_500;
    CREATE EVENT bills.sends ON SCHEDULE EVERY 1 SECOND DO INSERT INTO diary.log VALUES (DATABASE());`);
  const { estate } = placeFor(server, { databases: ['bills'] });
  const taken = await estate.type(...run);
  server.sql('SET GLOBAL event_scheduler = ON');
  const restored = await estate.type(...back('bills'));
  server.sql('SET GLOBAL event_scheduler = OFF');
  const by = server.sql('SELECT DISTINCT by_database FROM diary.log');
  report.row(
    '3.15 events of what is loaded to be counted do not run: the live one alone is at work',
    restored.command,
    'mariadb: what each run of the event wrote down',
    (taken.status === 0 && restored.status === 0 && !/holdfast/.test(by)) || seen(taken, restored, `ran in ${by}`),
  );
  report.control(
    'an event that runs',
    by.includes('bills') &&
      server.sql(`SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_NAME = 'sends'`) === 'ENABLED',
  );
  estate.close();
}
