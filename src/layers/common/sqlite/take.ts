// A consistent copy of one database, by whichever way is open. Nothing is ever written beside the source: a reader of a database
// with a write-ahead log would make files there, so where they are missing its bytes are taken and proved to have held still.
import { join } from 'node:path';
import type { Machine } from '../../../machines/machine.ts';
import { type Duration, milliseconds, minutes } from '../../../values/duration.ts';
import { type Copying, copyBytes, stateOf } from './bytes.ts';
import { type Found, suffixes } from './found.ts';
import { askSqlite, careful, deadlineFor, type Problem, uriOf } from './shell.ts';

export type Taking = Readonly<{
  machine: Machine;
  /** the folder that was searched */
  folder: string;
  found: Found;
  /** nothing can write there: a snapshot, mounted read-only */
  frozen: boolean;
  /** an existing folder that the copy goes into, and its name there */
  into: string;
  name: string;
  signal: AbortSignal;
}>;

export type Taken = Readonly<{ how: string }> | 'gone' | Problem;

/** The database's own path, then those of the files that SQLite keeps beside it. */
export const pathsOf = ({ folder, found: { path } }: Pick<Taking, 'folder' | 'found'>) => {
  const database = Buffer.concat([Buffer.from(`${folder}/`), path]);
  const beside = (suffix: string): Buffer => Buffer.concat([database, Buffer.from(suffix)]);
  return { database, log: beside(suffixes.log), index: beside(suffixes.index), journal: beside(suffixes.journal) };
};

const bytesOf = ({ size, beside }: Found): number => size + (beside.log ?? 0) + (beside.journal ?? 0);
const deadlineOf = ({ found }: Pick<Taking, 'found'>) => deadlineFor(bytesOf(found));
export const copyingOf = (taking: Taking): Copying => ({ ...taking, deadline: deadlineOf(taking) });

/** Long enough at twenty megabytes a second. */
const onlineDeadline = (found: Found): Duration => milliseconds(minutes(1) + bytesOf(found) / 20_000);

const tries = 3;

export async function takeCopy(taking: Taking): Promise<Taken> {
  if (taking.frozen) return takeStill(taking);
  let last: Taken = 'gone';
  for (let again = 0; again < tries; again += 1) {
    last = await takeLive(taking);
    if (last === 'gone' || 'how' in last || last.is === 'damaged' || last.is === 'no database') return last;
    await clear(taking);
  }
  return last;
}

async function takeLive(taking: Taking): Promise<Taken> {
  const { log, index, journal } = pathsOf(taking);
  const isThere = async (path: Uint8Array) => (await stateOf(copyingOf(taking), [path])) !== '';
  if (taking.found.header.is === 'database' && taking.found.header.writeAheadLog)
    return (await isThere(index)) && (await isThere(log)) ? takeOnline(taking, 'held') : takeUnchanged(taking);
  const free = await takeOnline(taking, 'free');
  if (free === 'gone' || 'how' in free) return free;
  await clear(taking);
  if (free.is === 'failed') return (await isThere(journal)) ? takeUnchanged(taking) : free;
  return free.is === 'locked' || free.is === 'overdue' ? takeOnline(taking, 'held') : free;
}

/**
 * SQLite's own online backup. `held`: within one reading transaction, so that it shows one moment and never begins anew. With a
 * write-ahead log that stops no writer; without one it does, so there it is the second choice, and a short one.
 */
async function takeOnline(taking: Taking, transaction: 'held' | 'free'): Promise<Taken> {
  const { machine, into, name, found, signal } = taking;
  const begin = transaction === 'held' ? 'BEGIN;\nSELECT count(*) FROM main.sqlite_schema;\n' : '';
  const { problem } = await askSqlite(
    {
      ...{ machine, access: 'read', folder: into, signal },
      database: uriOf(pathsOf(taking).database, 'mode=ro'),
      limits: { deadline: onlineDeadline(found), writes: bytesOf(found) },
    },
    (lift) => `${careful}${begin}${lift}\n.backup --async main ${name}\n`,
  );
  if (problem === undefined) return { how: 'online backup' };
  if (/unable to open database file|\(14\)/.test(problem.says) && (await isGone(taking))) return 'gone';
  return problem;
}

const isGone = async (taking: Taking): Promise<boolean> =>
  (await stateOf(copyingOf(taking), [pathsOf(taking).database])) === '';

/** Bytes of a database that nobody had open, proved to have held still while they were copied. */
async function takeUnchanged(taking: Taking): Promise<Taken> {
  const { database, log, index, journal } = pathsOf(taking);
  const paths = [database, log, index, journal];
  const before = await stateOf(copyingOf(taking), paths);
  const taken = await takeStill(taking);
  if ((await stateOf(copyingOf(taking), paths)) === before) return taken;
  return { is: 'locked', says: 'it was written to while its bytes were copied' };
}

/** Bytes, and what was committed in them is brought into the copy: by SQLite, and there only. */
async function takeStill(taking: Taking): Promise<Taken> {
  const { machine, into, name, found, signal } = taking;
  const { database, log, journal } = pathsOf(taking);
  const copy = join(into, name);
  if ((await copyBytes(copyingOf(taking), database, copy)) === 'gone') return 'gone';
  const logged = (await copyBytes(copyingOf(taking), log, `${copy}${suffixes.log}`)) === 'copied';
  const rolled = (await copyBytes(copyingOf(taking), journal, `${copy}${suffixes.journal}`)) === 'copied';
  if (!logged && !rolled) return { how: 'bytes' };
  if (rolled && (await isOfSeveral(machine, `${copy}${suffixes.journal}`)))
    return { is: 'failed', says: 'a transaction over several databases was under way, and its journal lies elsewhere' };
  const { problem } = await askSqlite(
    {
      ...{ machine, access: 'write', folder: into, signal },
      database: uriOf(copy, 'mode=rw'),
      limits: { deadline: deadlineOf(taking), writes: bytesOf(found) },
    },
    () => `${careful}PRAGMA wal_checkpoint(TRUNCATE);\nSELECT count(*) FROM main.sqlite_schema;\n`,
  );
  if (problem !== undefined) return problem;
  await removeBeside(taking);
  return {
    how: logged ? 'bytes, then the write-ahead log replayed in the copy' : 'bytes, then rolled back in the copy',
  };
}

/**
 * A journal that ends in the name of a super-journal belongs to a transaction over several files (sqlite.org/atomiccommit.html,
 * 5.2). Opened elsewhere it would be taken for one that was committed, and half of it would stay in the copy.
 */
async function isOfSeveral(machine: Machine, journal: string): Promise<boolean> {
  const size = (await machine.files.info(journal))?.size ?? 0;
  if (size < 512) return false;
  const end: Uint8Array[] = [];
  for await (const piece of machine.files.source(journal, { from: size - 8 })) end.push(Buffer.from(piece));
  return Buffer.concat(end).equals(Buffer.from('d9d505f920a163d7', 'hex'));
}

const removeBeside = async ({ machine, into, name }: Taking): Promise<void> => {
  for (const suffix of Object.values(suffixes)) await machine.files.remove(join(into, name) + suffix);
};

/** Whatever a failed try has left of the copy. */
export async function clear(taking: Taking): Promise<void> {
  await taking.machine.files.remove(join(taking.into, taking.name));
  await removeBeside(taking);
}
