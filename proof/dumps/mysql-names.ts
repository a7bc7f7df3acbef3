// 3.7 MariaDB: names of databases that may be taken for something else.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MariadbServer } from '../../src/layers/mysql/server.test-support.ts';
import { identifier, literal } from '../../src/layers/mysql/sql.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { hidden, placeFor, pointAt, run, words } from './mysql-databases.ts';

const long = '永'.repeat(62);
const oddNames: readonly string[] = [
  ...[
    `it's`,
    `"quo ted"`,
    'back\\slash',
    'new\nline',
    'tab\there',
    'ünï ⚙',
    'SHOP',
    '-rf',
    '--help',
    'a/b',
    '..',
    '.hidden',
    ' leads',
  ],
  ...['100%_', '$(x) `y`', `${long}一一`, `${long}一二`, 'all-accounts', '#mysql50#x', 'null', '*'],
];

export async function proveNames(report: Report, server: MariadbServer): Promise<void> {
  const plainly = `SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';`;
  const set = (name: string, what: string) =>
    server.sql(`${plainly} REPLACE INTO t VALUES (1, ${literal(what)})`, name);
  const holds = (name: string) => server.sql('SELECT text FROM t', name);
  const there = oddNames.filter((name) => {
    try {
      server.sql(`${plainly} CREATE DATABASE ${identifier(name)} CHARACTER SET utf8mb4`);
      server.sql('CREATE TABLE t (id int PRIMARY KEY, text varchar(99))', name);
      set(name, `of ${name}`);
      return true;
    } catch {
      return false;
    }
  });
  const { estate, copies } = placeFor(server);
  const taken = await estate.type(...run);
  const { id, items } = pointAt(copies, 0);
  const dumped = there.filter((name) => items.some((one) => one.name === name && one.form === 'sql'));
  report.row(
    `3.7 ${there.length} names that may be taken for something else (${oddNames.length - there.length} more the server itself refuses): all are dumped`,
    taken.command,
    'mariadb: CREATE DATABASE; the manifest',
    (taken.status === 0 && dumped.length === there.length && there.length >= 16) ||
      seen(taken, `not dumped: ${JSON.stringify(there.filter((name) => !dumped.includes(name)))}`),
  );
  for (const name of there) set(name, 'wrecked');
  const wrong: string[] = [];
  for (const name of there) {
    const restored = await estate.type(
      'restore',
      'apps',
      '--point',
      id,
      `--only=${name}`,
      '--to',
      'live',
      '--yes',
      `--confirm=${name}`,
    );
    if (restored.status !== 0 || holds(name) !== `of ${name}`)
      wrong.push(`${JSON.stringify(name)}: ${words(restored).slice(-300)}`);
    const early = there.slice(there.indexOf(name) + 1).filter((other) => holds(other) !== 'wrecked');
    if (early.length > 0) wrong.push(`${JSON.stringify(name)} brought back ${JSON.stringify(early)}`);
  }
  report.row(
    '3.15 each of them comes back by its name, and no other with it',
    'holdfast restore apps --only=NAME --to live --yes --confirm=NAME',
    'mariadb: the row in each',
    (wrong.length === 0 && hidden(server) === '') || new Error(wrong.join('\n').slice(0, 1500)),
  );
  const target = join(estate.folder, 'files');
  const files = await estate.type('restore', 'apps', '--point', id, '--to', target, '--yes');
  const found = readdirSync(target).filter((name) =>
    /^INSERT INTO `t` VALUES/m.test(readFileSync(join(target, name), 'utf8')),
  );
  report.row(
    '3.15 as files each of them is a file of its own, with its own rows in it',
    files.command,
    'ls, grep',
    (files.status === 0 && readdirSync(target).length === items.length && found.length === there.length) ||
      seen(
        files,
        `${readdirSync(target).length} files of ${items.length}; ${found.length} with rows, of ${there.length}`,
      ),
  );
  for (const name of there) server.sql(`${plainly} DROP DATABASE ${identifier(name)}`);
  const quoted = `it's`;
  server.sql(
    `CREATE DATABASE ${identifier(quoted)}; CREATE EVENT ${identifier(quoted)}.e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1; CREATE TABLE ${identifier(quoted)}.t (id int)`,
  );
  const unspeakable = await estate.type(...run);
  report.row(
    '3.7 a name that mariadb-dump itself cannot dump events of: it is named, with what to do; the others are dumped',
    unspeakable.command,
    'the words, the manifest',
    (unspeakable.status === 3 &&
      /with a quote, a backslash or a line break/.test(words(unspeakable)) &&
      pointAt(copies, -1)
        .missing.map(({ name }) => name)
        .join() === quoted) ||
      seen(unspeakable),
  );
  server.sql(`DROP DATABASE ${identifier(quoted)}`);
  const fine = await estate.type(...run);
  report.control(
    'databases that are gone, twenty of them, and one name that cannot be dumped for ever',
    fine.status === 3 && /is not there any more/.test(words(fine)),
  );
  estate.close();
}
