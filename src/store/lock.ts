// Locks that die with their owner. Node has no flock(2), so the lock is the one SQLite takes on an empty database file: an
// fcntl lock, which the kernel drops when the process ends, however it ends. Who holds it stands beside it, for people.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export type Holder = Readonly<{ run: string; pid: number; what: string }>;

export interface Lock extends Disposable {
  release(): void;
}

// SQLITE_BUSY, the answer while another process holds the lock.
const busy = 5;

/** The lock, or undefined while somebody else (another process, or this one) has it. */
export function tryLock(file: string, holder: Holder): Lock | undefined {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === busy) return undefined;
    throw error;
  }
  writeHolder(file, holder);
  const release = () => {
    if (!database.isOpen) return;
    rmSync(`${file}.holder`, { force: true });
    database.close();
  };
  return { release, [Symbol.dispose]: release };
}

/** Who has the lock, as they wrote it; undefined where nobody does, or where it could not be written. */
export function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(`${file}.holder`, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function writeHolder(file: string, holder: Holder): void {
  try {
    writeFileSync(`${file}.holder`, JSON.stringify(holder), { mode: 0o600 });
  } catch {
    // On a full disk the lock still holds; only its holder's name cannot be shown.
  }
}
