// A database with something of every kind in it, and what tells whether two of them are the same.
import { createHash } from 'node:crypto';
import type { MariadbServer } from './server.test-support.ts';
import { identifier, literal, mode } from './sql.ts';

export const strange = 'a strange näme `; $(x)';
/** The tool itself cannot dump routines and events of such a one. */
export const quoted = `it's "quoted"\n \\`;

type Asked = Pick<MariadbServer, 'sql'>;

export function fill(server: Asked, name: string): void {
  server.sql(`CREATE DATABASE ${identifier(name)} CHARACTER SET latin1 COLLATE latin1_german2_ci`);
  server.sql(
    `CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, text text CHARACTER SET utf8mb4, raw blob, shape geometry, size int AS (LENGTH(text)) STORED);
     INSERT INTO orders (text, raw) SELECT MD5(seq), UNHEX(SHA1(seq)) FROM seq_1_to_1999;
     INSERT INTO orders (text, shape) VALUES ('it''s ("one"); \\\\ \\r\\n \\0 😀', ST_GeomFromText('POINT(1 2)'));
     CREATE TABLE \`empty \`\`one\` (id int);
     CREATE TABLE \`ta\nble\` (\`VALUES (\` int, parent int, FOREIGN KEY (parent) REFERENCES orders (id)) ;
     INSERT INTO \`ta\nble\` VALUES (1, 1);
     CREATE SEQUENCE numbers START WITH 5;
     CREATE VIEW recent AS SELECT * FROM orders WHERE id > 1990;
     CREATE TRIGGER ${identifier(name)}.stamp BEFORE INSERT ON ${identifier(name)}.orders FOR EACH ROW SET NEW.text = CONCAT(NEW.text, '');
     `,
    name,
  );
  if (name === quoted) return;
  server.sql(
    `CREATE FUNCTION twice(i int) RETURNS int DETERMINISTIC RETURN i * 2;
     DELIMITER ;;
     CREATE PROCEDURE trim_orders() BEGIN
INSERT INTO orders VALUES (1);
     END;;
     DELIMITER ;
     CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM orders WHERE id < 0;`,
    name,
  );
  // From now on its routines were made under another default than it has.
  server.sql(`ALTER DATABASE ${identifier(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
}

/** How it was made, and everything in it: rows by a digest, everything else as the server says it. */
export function contentOf(server: Asked, name: string): readonly string[] {
  const of = (sql: string) => server.sql(`${mode}\n${sql}`, name);
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  const tables = ['orders', 'empty `one', 'ta\nble'];
  const where = (column: string) => `WHERE ${column} = ${literal(name)} ORDER BY 1`;
  return [
    of(`SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA ${where('SCHEMA_NAME')}`),
    ...tables.map((table) =>
      createHash('sha256')
        .update(of(`SELECT * FROM ${identifier(table)} ORDER BY 1`))
        .digest('hex'),
    ),
    ...tables.map((table) => of(`SHOW CREATE TABLE ${identifier(table)}`)),
    ...lines(of(`SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES ${where('TABLE_SCHEMA')}`)),
    ...lines(
      of(
        `SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_STATEMENT, DATABASE_COLLATION FROM information_schema.TRIGGERS ${where('TRIGGER_SCHEMA')}`,
      ),
    ),
    ...lines(
      of(
        `SELECT ROUTINE_NAME, ROUTINE_DEFINITION, DATABASE_COLLATION FROM information_schema.ROUTINES ${where('ROUTINE_SCHEMA')}`,
      ),
    ),
    ...lines(
      of(
        `SELECT EVENT_NAME, EVENT_DEFINITION, DATABASE_COLLATION FROM information_schema.EVENTS ${where('EVENT_SCHEMA')}`,
      ),
    ),
    ...(of(`SHOW TABLES LIKE 'recent'`) === ''
      ? []
      : [of('SELECT COUNT(*) FROM recent'), of('SHOW CREATE VIEW recent')]),
    of('SELECT NEXT_NOT_CACHED_VALUE FROM numbers'),
  ];
}
