// Locks that die with their owner. Node has no flock(2), so the lock is the one SQLite takes on an empty database file: an
// fcntl lock, which the kernel drops when the process ends, however it ends. Who holds it stands beside it, for people.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from './make-folder.ts';

export type Holder = Readonly<{ run: string; pid: number; what: string }>;

export interface Lock extends Disposable {
  release(): void;
}

/** A lock that is taken again and again by one process keeps its file open in between. */
export interface LockFile {
  /** the lock, or undefined while somebody else (another process, or this one) has it */
  try(holder: Holder): Lock | undefined;
  close(): void;
}

// SQLITE_BUSY, the answer while another process holds the lock.
const busy = 5;

export function lockFile(file: string): LockFile {
  makeFolder(dirname(file));
  const database = new DatabaseSync(file, { timeout: 0 });
  return {
    try: (holder) => {
      try {
        database.exec('BEGIN EXCLUSIVE');
      } catch (error) {
        if (error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === busy) return undefined;
        throw error;
      }
      writeHolder(file, holder);
      const release = () => {
        if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
      };
      return { release, [Symbol.dispose]: release };
    },
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

export function tryLock(file: string, holder: Holder): Lock | undefined {
  const opened = lockFile(file);
  const lock = opened.try(holder);
  if (lock === undefined) opened.close();
  return lock === undefined ? undefined : { release: opened.close, [Symbol.dispose]: opened.close };
}

/** Who had the lock last, as they wrote it: who has it, where it is held. Undefined where it could not be written. */
export function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(`${file}.holder`, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function writeHolder(file: string, holder: Holder): void {
  const known = holderOf(file);
  if (known?.run === holder.run && known.pid === holder.pid) return;
  try {
    writeFileSync(`${file}.holder`, JSON.stringify(holder), { mode: 0o600 });
  } catch {
    // On a full disk the lock still holds; only its holder's name cannot be shown.
  }
}
