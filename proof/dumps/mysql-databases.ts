// Databases of a real MariaDB for proofs, and what its own client says of them: every row of every table, and how each thing was made.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MariadbServer } from '../../src/layers/mysql/server.test-support.ts';
import { identifier, isExactly } from '../../src/layers/mysql/sql.ts';
import { type Estate, estateIn } from '../../test/e2e/estate.test-support.ts';
import { leftOf, pointsIn } from '../layers/place.ts';

/** Twelve, one of them with a name that nothing may take for anything else. */
export const names: readonly string[] = [
  ...['auth', 'bookmarks', 'finance', 'grafana', 'mail', 'notes', 'photos', 'recipes', 'tasks', 'wiki', 'shop'],
  'an odd näme `; $(x) %_',
];

/** Nothing in it may take a backslash for itself. */
const plainly = `SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';`;

export function fill(server: MariadbServer, name: string, rows = 300): void {
  server.sql(
    `${plainly} CREATE DATABASE ${identifier(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; USE ${identifier(name)};
     CREATE TABLE people (id int AUTO_INCREMENT PRIMARY KEY, name varchar(80) NOT NULL, doc json, kind enum('a','b') DEFAULT 'b', bits bit(9),
       price decimal(12,4) CHECK (price >= 0), seen datetime(6), raw longblob, secret varchar(20) INVISIBLE DEFAULT 'hidden',
       upper_name varchar(80) AS (UPPER(name)) VIRTUAL, size int AS (CHAR_LENGTH(name)) STORED, KEY (kind), FULLTEXT KEY words (name)
     ) COMMENT 'it''s "people" 😀';
     INSERT INTO people (name, doc, kind, bits, price, seen, raw, secret) SELECT CONCAT('näme ', seq, ' 😀'), JSON_OBJECT('n', seq), 'a', seq % 512, seq / 7,
       FROM_UNIXTIME(1700000000 + seq / 3), UNHEX(SHA2(seq, 512)), MD5(seq) FROM mysql.seq_1_to_${rows};
     INSERT INTO people (name, raw, secret) VALUES ('it''s ("one"), (2); \\ -- /* */ DELIMITER ;;', UNHEX('00FF27225C0A0D1A'), NULL);
     CREATE TABLE visits (id bigint PRIMARY KEY, person int, FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE) ROW_FORMAT=COMPRESSED;
     INSERT INTO visits SELECT id * 10, id FROM people WHERE id % 3 = 0;
     CREATE TABLE years (year int, text varchar(10)) PARTITION BY RANGE (year) (PARTITION old VALUES LESS THAN (2000), PARTITION new VALUES LESS THAN MAXVALUE);
     INSERT INTO years VALUES (1999, 'a'), (2026, NULL);
     CREATE TABLE plain (id int PRIMARY KEY, text varchar(10)) ENGINE=MyISAM CHARACTER SET latin1; INSERT INTO plain VALUES (0, 'zéro');
     CREATE SEQUENCE numbers START WITH 7 INCREMENT BY 3; DO NEXTVAL(numbers);
     CREATE DEFINER = keeper@'%' VIEW seen AS SELECT p.id, p.name, COUNT(v.id) AS visits FROM people p JOIN visits v ON v.person = p.id GROUP BY p.id;
     CREATE TRIGGER stamp BEFORE INSERT ON people FOR EACH ROW SET NEW.name = TRIM(NEW.name);
     CREATE DEFINER = keeper@'%' TRIGGER again BEFORE INSERT ON people FOR EACH ROW FOLLOWS stamp SET NEW.price = COALESCE(NEW.price, 0);
     CREATE FUNCTION twice(i int) RETURNS int DETERMINISTIC COMMENT 'it''s' RETURN i * 2;
     DELIMITER ;;
     CREATE DEFINER = keeper@'%' PROCEDURE tidy(IN least int) MODIFIES SQL DATA SQL SECURITY INVOKER BEGIN
INSERT INTO visits VALUES (1, least);
     END;;
     DELIMITER ;
     CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DISABLE COMMENT 'ENABLE DO' DO DELETE FROM visits WHERE id < 0;`,
  );
}

/** Accounts of every form: a role within a role, rights to all, one database, one table, columns and a routine, TLS, limits. */
export const makeAccounts = (server: MariadbServer): string =>
  server.sql(`CREATE USER keeper@'%' IDENTIFIED BY 'of the day'; GRANT SELECT ON *.* TO keeper@'%';
    CREATE ROLE readers; CREATE ROLE "it's all"; GRANT "it's all" TO keeper@'%' WITH ADMIN OPTION; GRANT readers TO "it's all"; GRANT SHOW VIEW ON *.* TO readers;
    CREATE USER "odd ""one'"@'10.%' IDENTIFIED BY 'x' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 ACCOUNT LOCK; GRANT "it's all" TO "odd ""one'"@'10.%';`);

/** What can only be given once the databases are there. */
export const makeGrants = (server: MariadbServer): string =>
  server.sql(`GRANT ALL ON shop.* TO keeper@'%' WITH GRANT OPTION; GRANT UPDATE ON wiki.people TO keeper@'%';
    GRANT SELECT (id) ON mail.people TO "odd ""one'"@'10.%'; GRANT EXECUTE ON PROCEDURE tasks.tidy TO keeper@'%';`);

const accounts = [`keeper@'%'`, `"odd ""one'"@'10.%'`];
/** @param passwords whether they, too, are to be the same */
export function accountsOf(server: MariadbServer, passwords = true): string {
  const each = accounts.map((one) => `${passwords ? `SHOW CREATE USER ${one};` : ''} SHOW GRANTS FOR ${one};`);
  const all = server.sql(
    `${each.join('\n')} SHOW GRANTS FOR readers; SHOW GRANTS FOR "it's all";
     SELECT Role, User, Host, Admin_option FROM mysql.roles_mapping WHERE User NOT IN ('root', 'admin') ORDER BY 1, 2; SELECT User, Host, is_role FROM mysql.user ORDER BY 1, 2;`,
  );
  return passwords ? all : all.replace(/ IDENTIFIED BY PASSWORD '[^']*'/g, '');
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
const unhexed = (hex: string): string => Buffer.from(hex, 'hex').toString();

/** All that is in a database, as the client prints it: rows to the byte, also of columns that hide; and how everything was made. */
export function pictureOf(server: MariadbServer, database: string): string {
  const where = (column: string) => isExactly(column, database);
  const of = (sql: string) => server.sql(`${plainly} ${sql}`);
  const made = of(
    `SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE ${where('SCHEMA_NAME')}`,
  );
  if (made === '') return 'there is none';
  const tables = lines(
    of(`SELECT CONCAT_WS(' ', HEX(t.TABLE_NAME), REPLACE(t.TABLE_TYPE, ' ', '-'), GROUP_CONCAT(HEX(c.COLUMN_NAME) ORDER BY c.ORDINAL_POSITION SEPARATOR ' '))
      FROM information_schema.TABLES t JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME) WHERE ${where('t.TABLE_SCHEMA')} GROUP BY t.TABLE_NAME, t.TABLE_TYPE ORDER BY t.TABLE_NAME`),
  ).flatMap((line) => {
    const [table = '', type, ...columns] = line.split(' ');
    const name = identifier(unhexed(table));
    const each = columns.map((one) => `HEX(CAST(${identifier(unhexed(one))} AS BINARY))`).join(', ');
    const order = columns.map((_, at) => at + 1).join(', ');
    return [
      `SHOW CREATE ${type === 'VIEW' ? 'VIEW' : 'TABLE'} ${name};`,
      `SELECT ${each} FROM ${name} ORDER BY ${order};`,
    ];
  });
  const others = [
    `SELECT TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_ORDER, ACTION_STATEMENT, ACTION_TIMING, SQL_MODE, DEFINER, COLLATION_CONNECTION, DATABASE_COLLATION
       FROM information_schema.TRIGGERS WHERE ${where('TRIGGER_SCHEMA')} ORDER BY 1;`,
    `SELECT ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION, IS_DETERMINISTIC, SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, DEFINER, DATABASE_COLLATION
       FROM information_schema.ROUTINES WHERE ${where('ROUTINE_SCHEMA')} ORDER BY 1;`,
    `SELECT SPECIFIC_NAME, ORDINAL_POSITION, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER FROM information_schema.PARAMETERS WHERE ${where('SPECIFIC_SCHEMA')} ORDER BY 1, 2;`,
    `SELECT EVENT_NAME, DEFINER, TIME_ZONE, EVENT_DEFINITION, INTERVAL_VALUE, INTERVAL_FIELD, STARTS, STATUS, ON_COMPLETION, EVENT_COMMENT, SQL_MODE
       FROM information_schema.EVENTS WHERE ${where('EVENT_SCHEMA')} ORDER BY 1;`,
  ];
  const all = of(`USE ${identifier(database)}; ${[...tables, ...others].join('\n')}`);
  return createHash('sha256').update(`${made}\n${all}`).digest('hex');
}

/** What wrecks it so that each comparison must see it, and a second time does no harm. */
export const wreck = (server: MariadbServer, database: string): string =>
  server.sql(
    'DELETE FROM people WHERE id > 30; DROP FUNCTION IF EXISTS twice; DROP VIEW IF EXISTS seen; ALTER EVENT nightly ENABLE;',
    database,
  );

/** Others may prove theirs on this machine at the same time, and files to log in with have the layer in their names. */
export const layerName = `mysql-${process.pid}`;

export type DumpPlace = Readonly<{ estate: Estate; copies: string }>;

export function placeFor(
  server: Pick<MariadbServer, 'port' | 'password'>,
  layer: Record<string, unknown> = {},
): DumpPlace {
  const { server: own = {}, ...others } = layer;
  const login = { host: '127.0.0.1', port: server.port, user: 'admin', password: { file: 'FOLDER/password' } };
  const text = JSON.stringify({
    estate: 'databases',
    machines: [{ name: 'here', local: true }],
    workloads: [{ name: 'apps' }],
    layers: [
      {
        ...{
          name: layerName,
          kind: 'mysql',
          machine: 'here',
          workload: 'apps',
          to: 'FOLDER/copies',
          keep: { keep_last: 5 },
        },
        ...{ server: { ...login, ...(own as object) }, ...others },
      },
    ],
  });
  const estate = estateIn(text, 'databases');
  mkdirSync(join(estate.folder, 'copies'), { mode: 0o700 });
  writeFileSync(join(estate.folder, 'password'), server.password, { mode: 0o600 });
  return { estate, copies: join(estate.folder, 'copies', layerName) };
}

export const run = ['run', layerName, '--now'] as const;
export const back = (only: string, ...more: readonly string[]) =>
  ['restore', 'apps', '--only', only, '--to', 'live', ...more, '--yes', '--confirm', only] as const;

type Item = Readonly<{ name: string; part: string; form: string; counts: Readonly<Record<string, number>> }>;
export type PointText = Readonly<{
  items: readonly Item[];
  missing: readonly Readonly<{ name: string; says: string }>[];
  held: boolean;
}>;

export const words = ({ stdout, stderr }: Readonly<{ stdout: string; stderr: string }>): string => stdout + stderr;

/** Who says that two databases are alike, for a row. */
export const asked = 'mariadb: every row of every table, how each table, view, trigger, routine and event was made';

/** What a sealed point says of itself; `at` counts from the end where it is negative. */
export function pointAt(copies: string, at: number): PointText & Readonly<{ id: string }> {
  const id = [...pointsIn(copies)].sort().at(at) ?? '';
  const { details } = JSON.parse(readFileSync(join(copies, id, 'manifest.json'), 'utf8'));
  return { id, items: details.items, missing: details.missing, held: readdirSync(join(copies, id)).includes('HOLD') };
}

/** Databases of its own that a restore has while it is at work: none, when it is over. */
export const hidden = (server: MariadbServer): string =>
  server.sql(`SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'holdfast%'`);

const ownLook = Buffer.from(layerName).toString('base64url');
/** Processes, unfinished folders, and files to log in with: of the run, and of any look of this layer. */
export const leftOfRun = (run: string, copies: string): readonly string[] => [
  ...leftOf(run, [copies]),
  ...['/dev/shm', '/tmp', '/run'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.includes(run) || (name.startsWith('.holdfast-look-') && name.endsWith(`-${ownLook}`)))
      .map((name) => join(folder, name)),
  ),
];
