// The database into the tree: by SQLite's own online backup within one reading transaction, and the copy asked whether it is sound.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import { alive } from '../common/alive.ts';
import type { Copied } from '../common/sqlite/copied.ts';
import { copyOne } from '../common/sqlite/copy-one.ts';
import type { Found } from '../common/sqlite/found.ts';
import { searchBelow } from '../common/sqlite/search.ts';
import { stageOne } from '../common/sqlite/stage.ts';
import { damaged, notCopied } from './faults.ts';
import { database } from './names.ts';
import type { Staging } from './staging.ts';

const asPattern = (name: string): string => name.replace(/[\\*?[\]{}~]/g, '\\$&');

/** Undefined where there is none. @throws Fault where it cannot be looked into */
export async function databaseIn(machine: Machine, data: string, signal: AbortSignal): Promise<Found | undefined> {
  const path = join(data, database);
  if ((await machine.files.info(path))?.type !== 'file') return undefined;
  const { databases, unread } = await searchBelow({
    ...{ machine, folder: '/', only: [asPattern(path)], signal },
    looked: () => {},
  });
  const [found] = databases;
  if (found !== undefined) return { ...found, path: Buffer.from(database) };
  throw notCopied(path, unread[0] ?? 'it is no database (any more): its header is gone');
}

/**
 * @param weaker before a restore what is there is kept, however damaged it is: as the bytes that lie there
 * @throws Fault `database-damaged`, `database-not-copied`
 */
export async function copyDatabase(
  { machine, copies, tree }: Staging,
  { data, found, weaker }: Readonly<{ data: string; found: Found; weaker: boolean }>,
  context: StepContext,
): Promise<Copied> {
  const { signal } = context;
  const path = join(data, database);
  const copying = copyOne({ machine, folder: data, found, frozen: false, into: copies, item: 'db', signal });
  const what = `copying and checking ${database}`;
  const copied = await alive(copying, { done: 0, total: 1, unit: 'items', what }, context);
  if (copied === 'gone') throw notCopied(path, 'it went away while it was copied');
  const { state, says = '' } = copied;
  if (state === 'damaged' && !weaker) throw damaged(path, says);
  if (state !== 'whole' && !weaker) throw notCopied(path, says);
  if ((await stageOne({ machine, folder: data, copies, tree, signal }, found, copied)) === 'gone')
    throw notCopied(path, 'it went away while it was copied');
  return copied;
}
