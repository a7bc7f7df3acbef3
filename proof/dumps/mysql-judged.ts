// 3.7 MariaDB, judged: what is in a dump looks like damage, and the points of before are held.
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, makeAccounts, pictureOf, placeFor, pointAt, run, words } from './mysql-databases.ts';

export async function proveMysqlJudged(report: Report): Promise<void> {
  report.section('3.7 MariaDB: rows that are gone, and a database that no longer changes');
  const server = await startMariadb();
  try {
    makeAccounts(server);
    for (const name of ['auth', 'mail', 'tasks']) fill(server, name);
    await proveEmptied(report, server);
    await proveFrozen(report, server);
  } finally {
    await server.close();
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
    server.sql(`INSERT INTO years VALUES (2026, '${night}')`, 'auth');
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
