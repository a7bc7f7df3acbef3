// Whether each file that the database knows is in the tree: a row without its file is an attachment that nobody can open any more.
import type { Machine } from '../../machines/machine.ts';
import { lastWords } from '../common/commands.ts';
import { split } from '../common/records.ts';
import { notRead } from './faults.ts';
import type { Row } from './rows.ts';

export type MissingFile = Readonly<{ name: string; says: string }>;

/** Sizes of the files in the tree, by path. */
export async function filesInTree(
  machine: Machine,
  tree: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { stdout, ended } = machine.stream(['find', tree, '-type', 'f', '-printf', '%s %P\\0'], { signal });
  const sizes = new Map<string, number>();
  for await (const record of split(stdout, 0)) {
    const at = record.indexOf(0x20);
    sizes.set(record.subarray(at + 1).toString(), Number(record.subarray(0, at)));
  }
  const end = await ended;
  if (end.exitCode !== 0) throw notRead(tree, `find: ${lastWords(end)}`);
  return sizes;
}

export const missingFiles = (rows: readonly Row[], sizes: ReadonlyMap<string, number>): readonly MissingFile[] =>
  rows.flatMap(({ path, bytes }): MissingFile[] => {
    const size = sizes.get(path);
    if (size === undefined) return [{ name: path, says: 'there is no such file' }];
    if (bytes !== undefined && size < bytes)
      return [{ name: path, says: `it has ${size} bytes, and ${bytes} were uploaded` }];
    return [];
  });
