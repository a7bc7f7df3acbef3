// The databases of one volume or folder, one after another. What goes wrong with one is that one's, unless nothing at all goes on
// any more: a full disk, a connection that is gone.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { alive } from '../common/alive.ts';
import { copyOne } from '../common/sqlite/copy-one.ts';
import { type Found, nameOf } from '../common/sqlite/found.ts';
import { stageOne, stageTimes } from '../common/sqlite/stage.ts';
import { missing, type Result, resultOf } from './result.ts';

export type CopyAll = Readonly<{
  machine: Machine;
  folder: string;
  frozen: boolean;
  databases: readonly Found[];
  /** an existing folder; the staged tree is `tree` in it */
  work: string;
}>;

/** Faults that are about the way, and not about the database that met them. */
const general = ['disk-full', 'no-room', 'machine-connection-lost', 'machine-unreachable', 'command-stays'];

export async function copyAll(all: CopyAll, context: StepContext): Promise<readonly Result[]> {
  const { machine, folder, frozen, databases, work } = all;
  const { signal } = context;
  const [copies, tree] = [join(work, 'copies'), join(work, 'tree')];
  for (const made of [copies, tree]) await machine.files.makeFolder(made, 0o700);
  const staging = { machine, folder, copies, tree, signal };
  const results: Result[] = [];
  const staged: Found[] = [];
  for (const [at, found] of databases.entries()) {
    const item = `db${at + 1}`;
    const what = `copying and checking ${nameOf(found)}`;
    try {
      const copied = await alive(
        copyOne({ machine, folder, found, frozen, into: copies, item, signal }),
        { done: at, total: databases.length, unit: 'items', what },
        context,
      );
      if (copied === 'gone' || (await stageOne(staging, found, copied)) === 'gone') continue;
      staged.push(found);
      results.push(resultOf(found, copied));
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault) || general.includes(error.code)) throw error;
      results.push(missing(found, error.says));
    }
  }
  await stageTimes(staging, staged);
  return results;
}
