// Where a point is gathered: on the machine of the data, for its owner alone, gone when the step is.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { must } from '../common/commands.ts';
import type { PointPlace } from '../common/points/sealing.ts';
import { isBeside, type VaultwardenEntry } from './schema.ts';

export type Staging = Readonly<{
  machine: Machine;
  folder: string;
  /** what becomes the archive */
  tree: string;
  /** copies of databases, before they have their place */
  copies: string;
  /** names and sorted lists */
  sorting: string;
  /** parts on their way */
  out: string;
}>;

/** Without a place of its own it lies in the folder that becomes the point, and is gone before the seal. */
export const stagingBase = (entry: VaultwardenEntry): string | undefined =>
  entry.staging ?? (isBeside(entry) ? undefined : '/run');

export function stagingOf(entry: VaultwardenEntry, place: PointPlace, { world, run }: StepContext): Staging {
  const base = stagingBase(entry);
  const folder = base === undefined ? join(place.work, 'staging') : join(base, `holdfast-${run}-${entry.name}`);
  const machine = world.machine(entry.machine);
  const at = (name: string) => join(folder, name);
  return { machine, folder, tree: at('tree'), copies: at('copies'), sorting: at('sorting'), out: at('out') };
}

/** @throws Fault `staging-not-ours` */
export async function beginStaging({ machine, folder, tree, copies, sorting, out }: Staging, context: StepContext) {
  context.take('folder that it is gathered in', folder);
  await machine.files.remove(folder);
  for (const one of [folder, tree, copies, sorting, out]) await machine.files.makeFolder(one, 0o700);
  const found = await machine.files.info(folder);
  const own = Number((await must(machine, ['id', '-u'])).stdout);
  // Where everybody may write, somebody may have made it before us.
  if (found?.mode === 0o700 && found.uid === own) return;
  throw new Fault('staging-not-ours', {
    where: shown(folder),
    says: 'somebody else made it, or others may read it',
    remedy: 'in `staging`, give a folder that only root may write to',
  });
}

/** Everything of a try that is not to be kept. */
export async function beginAgain({ machine, tree, copies }: Staging): Promise<void> {
  for (const folder of [tree, copies]) {
    await machine.files.remove(folder);
    await machine.files.makeFolder(folder, 0o700);
  }
}

export const removeStaging = ({ machine, folder }: Staging): Promise<void> => machine.files.remove(folder);
