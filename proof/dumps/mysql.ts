// 3.7 MariaDB: twelve databases and the accounts, wrecked, and brought back: one, beside, as files, all of them onto a server that has nothing.
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import {
  accountsOf,
  asked,
  back,
  type DumpPlace,
  fill,
  hidden,
  makeAccounts,
  makeGrants,
  names,
  pictureOf,
  placeFor,
  pointAt,
  run,
  wreck,
} from './mysql-databases.ts';
import { proveDamaged, proveFiles, proveWhole } from './mysql-elsewhere.ts';

export async function proveMysql(report: Report): Promise<void> {
  report.section('3.7 MariaDB, per database and as a whole');
  const server = await startMariadb();
  const place = placeFor(server);
  try {
    makeAccounts(server);
    for (const name of names) fill(server, name);
    makeGrants(server);
    const taken = await place.estate.type(...run);
    const { id, items, missing } = pointAt(place.copies, 0);
    const there = server.sql(
      `SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`,
    );
    const expected = { rows: 404, tables: 4, filled: 4, views: 1, triggers: 2, routines: 2, events: 1 };
    const counted = items.filter(({ form, counts }) => form === 'sql' && same(counts, expected));
    report.row(
      '3.7 twelve databases are twelve parts, each with what was counted in it, and the accounts beside',
      taken.command,
      'mariadb: information_schema.SCHEMATA; ls, zstd -t',
      (taken.status === 0 &&
        there === '12' &&
        counted.length === 12 &&
        missing.length === 0 &&
        items.length === 13 &&
        sh('zstd -tq *.zst && ls *.zst | wc -l', join(place.copies, id)) === '14') ||
        seen(taken, `${there} there; ${JSON.stringify(items.map(({ name, counts }) => [name, counts]))}`),
    );
    await proveOne(report, server, place);
    await proveBeside(report, server, place);
    await proveFiles(report, server, place);
    await proveWhole(report, server, place);
    await proveDamaged(report, server, place);
  } finally {
    await server.close();
    place.estate.close();
  }
}

const same = (one: object, other: object): boolean =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

async function proveOne(report: Report, server: MariadbServer, { estate, copies }: DumpPlace): Promise<void> {
  const { id: point } = pointAt(copies, 0);
  const others = () => names.map((name) => [name, pictureOf(server, name)] as const);
  for (const name of ['shop', names.at(-1) ?? '']) {
    const [before, all, rights] = [pictureOf(server, name), others(), accountsOf(server)];
    wreck(server, name);
    const wrecked = pictureOf(server, name);
    report.control(`a database that was wrecked (${name})`, wrecked !== before);
    const restored = await estate.type(...back(name, '--point', point));
    report.row(
      `3.7, 3.15 ${name}: one database comes back in its place, whole; the eleven others and all rights are as they were`,
      restored.command,
      `${asked}; SHOW GRANTS`,
      (restored.status === 0 && same(others(), all) && accountsOf(server) === rights && hidden(server) === '') ||
        seen(restored, `${pictureOf(server, name) === before}, ${hidden(server)}`),
    );
    const held = pointAt(copies, -1);
    const undone = await estate.type(...back(name, '--point', held.id));
    report.row(
      `3.15 ${name}: what was there is a point that is held, and comes back, too`,
      undone.command,
      asked,
      (held.held && undone.status === 0 && pictureOf(server, name) === wrecked) || seen(undone),
    );
    const again = await estate.type(...back(name, '--point', point));
    report.row(
      `3.15 ${name}: and back again`,
      again.command,
      asked,
      (again.status === 0 && pictureOf(server, name) === before) || seen(again),
    );
  }
}

async function proveBeside(report: Report, server: MariadbServer, { estate, copies }: DumpPlace): Promise<void> {
  const { id: point } = pointAt(copies, 0);
  for (const [from, to] of [
    ['wiki', 'wiki `of monday` $(x)'],
    [names.at(-1) ?? '', 'odd_2'],
  ] as const) {
    const typed = ['restore', 'apps', '--point', point, '--only', from, '--to', `database/${to}`, '--yes'];
    const beside = await estate.type(...typed);
    report.row(
      `3.15 beside the live one, under another name: ${from} as ${to}`,
      beside.command,
      asked,
      (beside.status === 0 && pictureOf(server, to) === pictureOf(server, from) && hidden(server) === '') ||
        seen(beside),
    );
    const now = pictureOf(server, to);
    const twice = await estate.type(...typed);
    report.control(
      `a name that is taken (${to})`,
      twice.status !== 0 && /target-there/.test(twice.stdout + twice.stderr) && pictureOf(server, to) === now,
    );
    server.sql(`DROP DATABASE \`${to.replaceAll('`', '``')}\``);
  }
}
