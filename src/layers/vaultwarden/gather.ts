// Everything of one Vaultwarden in one tree: the database first, then the files, so that each row that was copied finds its file.
// What lacks one is looked at again before it is called missing: somebody may just be uploading, or deleting.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { must } from '../common/commands.ts';
import { checkRoom } from '../common/points/destination.ts';
import type { Copied } from '../common/sqlite/copied.ts';
import { deadlineFor, uriOf } from '../common/sqlite/shell.ts';
import { copyDatabase, databaseIn } from './copy-database.ts';
import { copyFiles } from './copy-files.ts';
import { bytesOf, namesIn } from './data-folder.ts';
import { notRead, withoutDatabase } from './faults.ts';
import { filesInTree, type MissingFile, missingFiles } from './missing.ts';
import { database, type Names } from './names.ts';
import { filesInRows } from './rows.ts';
import type { VaultwardenEntry } from './schema.ts';
import { beginAgain, type Staging } from './staging.ts';

export type Gathered = Readonly<{
  /** undefined before a restore into a folder that has none */
  copied: Copied | undefined;
  /** of the copy */
  size: number;
  sha256: string;
  missing: readonly MissingFile[];
  /** in words: what nobody could compare */
  unknown: readonly string[];
  names: Names;
}>;

export type Gathering = Readonly<{
  entry: VaultwardenEntry;
  staging: Staging;
  /** before a restore: whatever there is, as it is */
  before: boolean;
  /** that were missing the last time: nobody is uploading those */
  known: readonly string[];
}>;

const tries = 3;

/** @throws Fault where not everything that is there could be had */
export async function gather(gathering: Gathering, context: StepContext): Promise<Gathered> {
  const { staging, known, entry } = gathering;
  for (let turn = 1; ; turn += 1) {
    await beginAgain(staging);
    const { gathered, unread } = await once(gathering, context);
    const last = turn === tries;
    if (unread !== undefined && last) throw notRead(entry.data, `tar: ${unread}`);
    if (unread !== undefined) continue;
    if (last || gathered.missing.every(({ name }) => known.includes(name))) return gathered;
    context.log(`${gathered.missing.length} rows of the database have no file yet: everything is copied once more`);
  }
}

async function once({ entry, staging, before }: Gathering, context: StepContext) {
  const { machine, tree, folder } = staging;
  const { data, also } = entry;
  const { signal } = context;
  const names = await namesIn(machine, data, also, signal);
  for (const name of also)
    if (!before && !names.taken.some((one) => one.toString() === name))
      throw notRead(join(data, name), 'it is named in `also`, and is not there');
  const found = await databaseIn(machine, data, signal).catch((error: unknown) => {
    // What is no database any more is kept before a restore, too: with the files.
    if (before && error instanceof Fault && error.code === 'database-not-copied') return undefined;
    throw error;
  });
  if (found === undefined && !before) throw withoutDatabase(data);
  const files = found === undefined ? [...names.database, ...names.taken] : names.taken;
  const bytes = await bytesOf(machine, data, files, signal);
  await checkRoom(machine.files, folder, bytes + (found?.size ?? 0) * 2 + (found?.beside.log ?? 0) + 16 * 1024 * 1024);
  const copied = found && (await copyDatabase(staging, { data, found, weaker: before }, context));
  const unread = await copyFiles(staging, data, files, bytes, context);
  const rows = await rowsOf(staging, copied, signal);
  const sizes = await filesInTree(machine, tree, signal);
  const missing = missingFiles(rows.files, sizes);
  const size = sizes.get(database) ?? 0;
  const sha256 = copied === undefined ? '' : await digestOf(staging, signal);
  return { gathered: { copied, size, sha256, missing, unknown: rows.unknown, names }, unread };
}

async function rowsOf({ machine, tree }: Staging, copied: Copied | undefined, signal: AbortSignal) {
  const rows = copied?.checked?.rows;
  if (copied?.state !== 'whole') return { files: [], unknown: [] };
  if (rows === undefined) return { files: [], unknown: ['its tables could not be counted'] };
  const path = join(tree, database);
  return filesInRows(
    {
      ...{ machine, access: 'read', folder: tree, signal },
      database: uriOf(path, 'mode=ro&immutable=1'),
      limits: { deadline: deadlineFor(0) },
    },
    Object.keys(rows),
  );
}

async function digestOf({ machine, tree }: Staging, signal: AbortSignal): Promise<string> {
  const { stdout } = await must(machine, ['sha256sum', '--zero', '--', join(tree, database)], { signal });
  return stdout.slice(0, 64);
}
