// 3.7 MariaDB: programs that lie, names that may be taken for something else, versions that do not fit.
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import type { Estate } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, hidden, makeAccounts, pictureOf, placeFor, pointAt, run, words } from './mysql-databases.ts';
import { proveNames } from './mysql-names.ts';

export async function proveMysqlCut(report: Report): Promise<void> {
  report.section('3.7 MariaDB: programs that lie, names, versions');
  const server = await startMariadb();
  try {
    makeAccounts(server);
    for (const name of ['shop', 'wiki']) fill(server, name);
    await proveCut(report, server);
    await proveVersions(report, server);
    await proveNames(report, server);
  } finally {
    await server.close();
  }
}

/** What is asked for what it knows answers as the real one does. */
const tool = (estate: Estate, name: string, body: string): string =>
  sh(
    `mkdir -p programs; rm -f programs/${name}; cat >programs/${name} <<'EOT'
#!/bin/bash
case "$1" in --help|--version) exec ${name} "$1";; esac
${body}
EOT
    chmod 755 programs/${name}`,
    estate.folder,
  );

/** The last of its words is the name of the database: `wiki` is dumped as it is. */
const only = (lie: string): string => `[ "\${@: -1}" = shop ] || exec mariadb-dump "$@"\n${lie}`;

async function proveCut(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, { programs: 'FOLDER/programs', keep: { keep_last: 1 } });
  tool(estate, 'mariadb', 'exec mariadb "$@"');
  tool(estate, 'mariadb-dump', 'exec mariadb-dump "$@"');
  const whole = await estate.type(...run);
  const { id: first } = pointAt(copies, 0);
  for (const [what, lie, code] of [
    ['a program that is killed midway', 'mariadb-dump "$@" | head -c 20000; kill -9 $$', 'dump-failed'],
    ['half a dump that ends well', 'mariadb-dump "$@" | head -c 20000; exit 0', 'dump-cut-short'],
    ['a program that says nothing and ends well', 'exit 0', 'dump-cut-short'],
    ['zeros that end well', 'head -c 100000 /dev/zero', 'dump-cut-short'],
    ['another last line', 'mariadb-dump "$@" | sed "s/^-- Dump completed.*/-- That was it/"', 'dump-cut-short'],
    [
      'a last line that stands in the middle',
      'mariadb-dump "$@" | head -c 20000; echo; echo "-- Dump completed on 2026-11-22"; echo garbage',
      'dump-cut-short',
    ],
    ['a dump without one of its tables', 'mariadb-dump "$@" | sed "/^CREATE TABLE .visits/,/^) /d"', 'dump-incomplete'],
    [
      'a dump without its routines',
      'for one; do shift; [ "$one" = --routines ] || set -- "$@" "$one"; done; mariadb-dump "$@"',
      'dump-incomplete',
    ],
  ] as const) {
    tool(estate, 'mariadb-dump', only(lie));
    const cut = await estate.type(...run);
    const { items, missing } = pointAt(copies, -1);
    report.row(
      `3.7 ${what}: no dump of it is sealed, it is named, and the last good one stays`,
      cut.command,
      'the manifests; ls',
      (cut.status === 3 &&
        missing.map(({ name }) => name).join() === 'shop' &&
        missing[0]?.says.startsWith(code) === true &&
        items.every(({ name }) => name !== 'shop') &&
        pointsIn(copies).includes(first)) ||
        seen(cut, JSON.stringify(missing)),
    );
  }
  tool(estate, 'mariadb-dump', 'exec mariadb-dump "$@"');
  const again = await estate.type(...run);
  report.control(
    'a check that takes no dump at all',
    whole.status === 0 && again.status === 0 && pointAt(copies, -1).missing.length === 0,
  );
  estate.close();
}

async function proveVersions(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, { programs: 'FOLDER/programs', keep: { keep_last: 9 } });
  tool(estate, 'mariadb-dump', 'exec mariadb-dump "$@"');
  tool(estate, 'mariadb', 'exec mariadb "$@"');
  await estate.type(...run);
  const before = pictureOf(server, 'shop');
  for (const [what, pretends, code] of [
    ['of a newer server', `sed 's/10\\.11\\.[0-9]*-MariaDB/12.3.1-MariaDB/'`, /server-too-old/],
    ['of a server of MySQL', `sed 's/10\\.11\\.[0-9]*-MariaDB[^\\t]*/8.4.2/'`, /server-of-another-kind/],
  ] as const) {
    tool(estate, 'mariadb', `mariadb "$@" | ${pretends}\nexit "\${PIPESTATUS[0]}"`);
    const there = await estate.type(...run);
    tool(estate, 'mariadb', 'exec mariadb "$@"');
    const { id } = pointAt(copies, -1);
    const refused = await estate.type(...back('shop', '--point', id));
    report.row(
      `3.15 a point ${what}: refused before anything is done`,
      `${there.command}; ${refused.command}`,
      'the words; mariadb: every row',
      (refused.status === 1 &&
        code.test(words(refused)) &&
        pictureOf(server, 'shop') === before &&
        hidden(server) === '') ||
        seen(there, refused),
    );
  }
  const { id } = pointAt(copies, 0);
  sh(`sed -i 's/exec mariadb "\\$1"/mariadb "$1" | grep -v sandbox; exit/' programs/mariadb`, estate.folder);
  const old = await estate.type(...back('shop', '--point', id));
  report.row(
    '3.15 a client that cannot be shut in is given no dump that asks for it',
    old.command,
    'the words; mariadb: every row',
    (old.status === 1 &&
      /client-too-old/.test(words(old)) &&
      pictureOf(server, 'shop') === before &&
      hidden(server) === '') ||
      seen(old),
  );
  tool(estate, 'mariadb', 'exec mariadb "$@"');
  const fits = await estate.type(...back('shop', '--point', id));
  report.control('a check that takes no version', fits.status === 0 && pictureOf(server, 'shop') === before);
  estate.close();
}
