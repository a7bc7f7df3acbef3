// Programs whose output is kept, as an operator has them: shell scripts in a folder, one of which writes a database out as pg_dumpall does.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sh, sqlite } from '../layers/place.ts';
import { type AppPlace, placeFor } from './apps.ts';

export type CommandPlace = AppPlace &
  Readonly<{
    folder: string;
    /** a script with a body of its own, found by its path */
    script(name: string, body: string): string;
    /** the layer is declared otherwise from now on */
    declare(commands: readonly object[], more?: Readonly<Record<string, unknown>>): void;
    close(): void;
  }>;

export function commandPlace(
  commands: (folder: string) => readonly object[],
  more: Readonly<Record<string, unknown>> = {},
): CommandPlace {
  const folder = sh('mktemp -d /tmp/holdfast-proof-command-XXXXXX');
  mkdirSync(join(folder, 'programs'));
  const declare = (all: readonly object[], others: Readonly<Record<string, unknown>> = {}) =>
    placeFor({ kind: 'command', commands: all, ...more, ...others }, folder);
  const place = declare(commands(folder));
  return {
    ...place,
    folder,
    script: (name, body) => {
      const at = join(folder, 'programs', name);
      writeFileSync(at, `#!/bin/sh\n${body}\n`);
      chmodSync(at, 0o755);
      return at;
    },
    declare: (all, others) => void declare(all, others),
    close: place.estate.close,
  };
}

/** A dump as pg_dumpall writes one: a first line, some thousand lines, a last one. */
export const whole = `echo '-- cluster dump'; seq 1 20000; echo '-- cluster dump complete'`;
export const declared = {
  begins_with: '-- cluster dump',
  ends_with: '-- cluster dump complete',
  at_least: '10 kB',
} as const;

/** A database of sqlite3 that is written out as text, with a first and a last line that a whole one has, and taken in from it. */
export const shopIn = (folder: string) => ({
  ...{ name: 'the shop: all of it', command: ['sqlite3', join(folder, 'shop.db'), '.dump'], form: 'sql' },
  ...{ begins_with: 'PRAGMA foreign_keys=OFF;', ends_with: 'COMMIT;', count_lines: true },
  restore_command: ['sh', '-c', 'rm -f "$1" && sqlite3 -bail "$1"', 'sh', join(folder, 'shop.db')],
});

export function fillShop(folder: string, rows = 2000): void {
  sqlite(
    join(folder, 'shop.db'),
    `CREATE TABLE orders (id INTEGER PRIMARY KEY, text TEXT, at REAL, raw BLOB); CREATE INDEX texts ON orders (text);
     CREATE VIEW large AS SELECT * FROM orders WHERE id > 100;
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
     INSERT INTO orders SELECT i, 'it''s "odd" \\ näme;' || char(10) || i, i / 7.0, randomblob(20) FROM n;`,
  );
}

export const shopRows = (folder: string): string =>
  sqlite(
    join(folder, 'shop.db'),
    'SELECT id, quote(text), at, quote(raw) FROM orders ORDER BY id; SELECT sql FROM sqlite_schema ORDER BY 1; PRAGMA integrity_check',
  );

export const asked = 'sqlite3: every row, every table, index and view';
