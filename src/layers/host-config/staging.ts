// The folder in which everything is gathered on the machine itself, before any of it moves. It holds secrets: it lies in memory
// unless the estate says otherwise, is for its owner alone, and is gone when the run is.
import { dirname, join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { RunId } from '../../model/run.ts';
import { minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { must } from '../common/commands.ts';
import { checkRoom } from '../common/points/destination.ts';
import type { HostConfigEntry } from './schema.ts';

export type Staging = Readonly<{
  machine: Machine;
  folder: string;
  /** what is archived */
  tree: string;
  /** files as they lie on the machine, below their own paths */
  files: string;
  /** names and sorted lists */
  work: string;
  /** parts on their way to the destination */
  out: string;
}>;

/** What hangs is one item: no command of it may take longer than this. */
const deadline = minutes(5);
const limited = (machine: Machine): Machine => ({
  ...machine,
  run: (argv, options) => machine.run(argv, { deadline, ...options }),
});

/** @param on the machine whose configuration it is */
export function stagingOf(on: Machine, { staging, name }: HostConfigEntry, run: RunId): Staging {
  const machine = limited(on);
  const folder = join(staging, `holdfast-${run}-${name}`);
  const tree = join(folder, 'tree');
  return { machine, folder, tree, files: join(tree, 'files'), work: join(folder, 'work'), out: join(folder, 'out') };
}

export async function beginStaging({ machine, folder, tree, files, work, out }: Staging, context: StepContext) {
  context.take('folder that it is gathered in', folder);
  await machine.files.remove(folder);
  for (const one of [folder, tree, files, work, out]) await machine.files.makeFolder(one, 0o700);
  const found = await machine.files.info(folder);
  // Where everybody may write, somebody may have made it before us.
  if (found?.mode === 0o700 && found.uid === (await ownerOf(machine))) return;
  throw new Fault('staging-not-ours', {
    where: shown(folder),
    says: 'somebody else made it, or others may read it',
    remedy: `see who writes to ${shown(dirname(folder))}; in \`staging\`, give a folder that only root may write to`,
  });
}

const ownerOf = async (machine: Machine): Promise<number> => Number((await must(machine, ['id', '-u'])).stdout);

export const removeStaging = ({ machine, folder }: Staging): Promise<void> => machine.files.remove(folder);

/** A folder in the tree for what is no file of the machine: `luks`, `lvm`. */
export async function besides({ machine, tree }: Staging, name: string): Promise<string> {
  const folder = join(tree, name);
  await machine.files.makeFolder(folder, 0o700);
  return folder;
}

/** What is not of the machine's own time gets the same one always, so that nothing but a change looks like one. */
export const timeless = (machine: Machine, path: string, signal: AbortSignal) =>
  must(machine, ['touch', '--no-create', '--date=@0', '--', path], { signal });

/** It is archived there, and encrypted, before it moves: three times the room at the most. */
export const roomFor = ({ machine, folder }: Staging, bytes: number): Promise<void> =>
  checkRoom(machine.files, folder, bytes * 3);
