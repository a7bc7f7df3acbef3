// The database of one estate's state. SQLite in WAL mode with `synchronous=FULL`: what a commit said is on the disk before
// the next line runs, also after a power cut. Statements are prepared once and run synchronously: a step may only begin
// when the journal has it, so there is nothing to gain from waiting asynchronously, and an order to lose.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Fault } from '../fault.ts';
import { makeFolder } from './make-folder.ts';

export type Row = Readonly<Record<string, SQLInputValue>>;

export interface Database {
  readonly file: string;
  run(sql: string, ...values: SQLInputValue[]): Readonly<{ changes: number; lastId: number }>;
  one(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): readonly Row[];
  /** all of it, or nothing */
  together<Result>(work: () => Result): Result;
  close(): void;
}

/** Numbered, never edited, only added to: a state folder of any earlier version is lifted when it is opened for writing. */
export type Migrations = readonly string[];

export type OpenOptions = Readonly<{ readOnly?: boolean; migrations: Migrations }>;

/** Undefined where the state is opened for reading and there is none yet: a first `plan` leaves no trace. */
export function openDatabase(folder: string, options: OpenOptions & { readOnly: true }): Database | undefined;
export function openDatabase(folder: string, options: OpenOptions): Database;
export function openDatabase(folder: string, options: OpenOptions): Database | undefined {
  const file = join(folder, 'journal.db');
  const readOnly = options.readOnly ?? false;
  return explained(file, () => {
    if (readOnly && statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    if (!readOnly) makeFolder(folder);
    const database = new DatabaseSync(file, { readOnly, timeout: 10_000 });
    if (!readOnly) prepare(database, options.migrations);
    else if (!isReadable(database, options.migrations)) {
      database.close();
      return undefined;
    }
    return wrap(file, database);
  });
}

const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);

/** Version 0 is a state that somebody is only just making: to a reader it is not there yet. */
function isReadable(database: DatabaseSync, migrations: Migrations): boolean {
  const version = versionOf(database);
  if (version > migrations.length) throw tooNew(version, migrations.length);
  if (version > 0 && version < migrations.length)
    throw new Fault('state-too-old', {
      where: 'state folder',
      says: `it was written by an older Holdfast (state version ${version}, this one writes ${migrations.length})`,
      remedy: 'run a command that writes (`holdfast apply`): it lifts the state to this version first',
    });
  return version > 0;
}

const tooNew = (version: number, known: number): Fault =>
  new Fault('state-too-new', {
    where: 'state folder',
    says: `it was written by a newer Holdfast (state version ${version}, this one knows ${known})`,
    remedy: 'use the newer Holdfast, or give another --state folder',
  });

function prepare(database: DatabaseSync, migrations: Migrations): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  database.exec('BEGIN IMMEDIATE');
  const known = versionOf(database);
  if (known > migrations.length) {
    database.exec('ROLLBACK');
    throw tooNew(known, migrations.length);
  }
  for (const migration of migrations.slice(known)) database.exec(migration);
  database.exec(`PRAGMA user_version = ${migrations.length}; COMMIT`);
}

function wrap(file: string, database: DatabaseSync): Database {
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, known);
    return known;
  };
  return {
    file,
    run: (sql, ...values) =>
      explained(file, () => {
        const { changes, lastInsertRowid } = statement(sql).run(...values);
        return { changes: Number(changes), lastId: Number(lastInsertRowid) };
      }),
    one: (sql, ...values) => explained(file, () => statement(sql).get(...values) as Row | undefined),
    all: (sql, ...values) => explained(file, () => statement(sql).all(...values) as Row[]),
    together: (work) => {
      explained(file, () => database.exec('BEGIN IMMEDIATE'));
      try {
        const result = work();
        explained(file, () => database.exec('COMMIT'));
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

// Result codes of SQLite (sqlite.org/rescode.html): 13 is "full", 5 and 6 are locked, 8 and 14 cannot write or open.
const meanings: Readonly<Record<number, readonly [code: string, says: string, remedy: string]>> = {
  13: ['journal-disk-full', 'the disk under the state folder is full', 'free some space there, then start again'],
  5: ['journal-busy', 'another process has held the journal for over 10 s', 'see `holdfast runs`, then try again'],
  6: ['journal-busy', 'another process has held the journal for over 10 s', 'see `holdfast runs`, then try again'],
  8: ['journal-not-writable', 'the state folder cannot be written', 'give a folder you may write with --state'],
  14: ['journal-not-writable', 'the journal cannot be opened', 'give a folder you may read and write with --state'],
  10: ['journal-damaged', 'the disk under the state folder gave an error', 'check that disk before anything else'],
  11: ['journal-damaged', 'the journal is damaged', 'keep the state folder as it is, and restore it from its backup'],
  26: ['journal-damaged', 'the file is no journal', 'keep the state folder as it is, and restore it from its backup'],
};

const notWritable: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EEXIST'];

function explained<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const raw = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
    const meaning = raw === undefined ? undefined : meanings[raw];
    if (meaning !== undefined) {
      const [code, says, remedy] = meaning;
      throw new Fault(code, {
        where: file,
        says,
        remedy,
        cause: error,
        ...(code === 'journal-busy' ? { exit: 'locked' } : {}),
      });
    }
    if (error instanceof Error && 'code' in error && notWritable.includes(String(error.code)))
      throw new Fault('journal-not-writable', {
        where: file,
        says: error.message,
        remedy: 'run it as the user whose state it is, or give a folder you may read and write with --state',
        cause: error,
      });
    throw error;
  }
}
