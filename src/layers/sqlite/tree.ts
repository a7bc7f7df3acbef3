// What is searched: a volume while it is open, a folder as it lies there.
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { type Search, searchBelow } from '../common/sqlite/search.ts';
import { closeVolume, openVolume } from '../common/volume/open.ts';
import type { Source } from './source.ts';

export type Open = Readonly<{ folder: string; frozen: boolean; search: Search }>;

export type Opening = Readonly<{
  machine: Machine;
  source: Source;
  luks_keys?: readonly SecretReference[] | undefined;
}>;

export async function whileOpen<Result>(
  { machine, source, luks_keys = [] }: Opening,
  context: StepContext,
  work: (open: Open) => Promise<Result>,
): Promise<Result> {
  const { signal } = context;
  const looked = (files: number) =>
    context.progress({ done: files, unit: 'items', what: 'looking into files for databases' });
  const searched = async (folder: string, frozen: boolean, only: readonly string[] = []): Promise<Result> =>
    work({ folder, frozen, search: await searchBelow({ machine, folder, only, signal, looked }) });
  if (source.of === 'folder') return searched(source.folder, await isReadOnly(machine, source.folder, signal));
  if (source.of === 'files') return searched('/', false, source.files);
  const opened = await openVolume(machine, source.volume, luks_keys, context);
  try {
    return await searched(opened.tree, true);
  } finally {
    // What cannot be given back now is owed: the step's own release tries again, and says so.
    await closeVolume(machine, source.volume, context).catch((error) => context.log(String(error)));
  }
}

/** A snapshot that somebody else has mounted (ZFS, btrfs) holds still. */
async function isReadOnly(machine: Machine, folder: string, signal: AbortSignal): Promise<boolean> {
  const argv = ['findmnt', '--noheadings', '--raw', '--output', 'OPTIONS', '--target', folder] as const;
  const { stdout, exitCode } = await machine.run(argv, { signal, deadline: minutes(1) });
  return exitCode === 0 && stdout.trim().split(',').includes('ro');
}
