// Databases as applications leave them: with a log that nobody has merged, half-way through a transaction, damaged, encrypted.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { localMachine } from '../../../machines/local.ts';
import type { Machine } from '../../../machines/machine.ts';
import { systemClock } from '../../../values/instant.ts';
import type { Copied } from './copied.ts';
import { type CopyOne, copyOne } from './copy-one.ts';
import type { Found } from './found.ts';
import { searchBelow } from './search.ts';

/** For `skip`: says why, or is false. */
export const unlessSqlite = spawnSync('sqlite3', ['-version']).status === 0 ? false : 'it needs sqlite3';

export const machine: Machine = localMachine({ name: 'here', clock: systemClock });
export const never = new AbortController().signal;

export type Shelf = Readonly<{
  folder: string;
  /** where copies go */
  copies: string;
  path(...names: readonly string[]): string;
  search(): Promise<readonly Found[]>;
  copy(found: Found, more?: Partial<CopyOne>): Promise<Copied | 'gone'>;
  close(): void;
}>;

export function shelf(): Shelf {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'));
  const [folder, copies] = [join(base, 'data'), join(base, 'copies')];
  mkdirSync(folder);
  mkdirSync(copies);
  const path = (...names: readonly string[]) => join(folder, ...names);
  return {
    ...{ folder, copies, path },
    search: async () => (await searchBelow({ machine, folder, signal: never, looked: () => {} })).databases,
    copy: (found, more) => {
      const item = `db${readdirSync(copies).length}`;
      return copyOne({
        machine,
        folder,
        found,
        frozen: false,
        into: copies,
        item,
        signal: never,
        ...more,
      });
    },
    close: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** A database with so many rows, closed. */
export function database(path: string, rows = 10, mode = 'delete'): void {
  const made = new DatabaseSync(path);
  made.exec(
    `PRAGMA journal_mode=${mode}; CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX words ON notes (text)`,
  );
  fill(made, rows);
  made.close();
}

export function fill(open: DatabaseSync, rows: number): void {
  const insert = open.prepare('INSERT INTO notes (text) VALUES (?)');
  open.exec('BEGIN');
  for (let row = 0; row < rows; row += 1) insert.run(`note ${row} ${'x'.repeat(row % 50)}`);
  open.exec('COMMIT');
}

/** What lies on the disk while an application has rows in its log that it never merged, as a crash or a snapshot shows it. */
export function withLog(path: string, merged: number, logged: number): void {
  const work = `${path}.work`;
  const open = new DatabaseSync(work);
  open.exec(
    'PRAGMA journal_mode=wal; PRAGMA wal_autocheckpoint=0; CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)',
  );
  fill(open, merged);
  open.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  fill(open, logged);
  for (const suffix of ['', '-wal']) copyFileSync(work + suffix, path + suffix);
  open.close();
  rmSync(work);
}

/** What lies on the disk half-way through a large transaction of a database without a log: pages of it, and the journal to undo them. */
export function withHotJournal(path: string, rows: number): void {
  const work = `${path}.work`;
  database(work, rows);
  const open = new DatabaseSync(work);
  open.exec("PRAGMA cache_size=10; PRAGMA cache_spill=10; BEGIN; UPDATE notes SET text = text || 'changed'");
  for (const suffix of ['', '-journal']) copyFileSync(work + suffix, path + suffix);
  open.exec('ROLLBACK');
  open.close();
  rmSync(work);
}

/** Bytes of its middle overwritten; its header stays. */
export function damage(path: string, from = 4096): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, from, Math.min(bytes.length, from + 6000));
  writeFileSync(path, bytes);
}

/** The authority: what sqlite3 itself answers. */
export const ask = (path: string, sql: string): string =>
  execFileSync('sqlite3', ['-batch', '-init', '/dev/null', path, sql], { encoding: 'utf8' }).trim();

export const beside = (path: string): readonly string[] =>
  ['-wal', '-shm', '-journal'].filter((suffix) => existsSync(path + suffix));
