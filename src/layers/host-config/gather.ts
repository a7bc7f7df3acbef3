// All items of a host, one after the other: what one of them meets keeps no other from being taken.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { must } from '../common/commands.ts';
import { gatherDatabases } from './gather-databases.ts';
import { gatherLuksHeaders, gatherPartitionTables, gatherVolumeGroups } from './gather-disks.ts';
import { gatherPaths } from './gather-paths.ts';
import type { Item } from './items.ts';
import { besides, type Staging, timeless } from './staging.ts';

export type ItemFate = Readonly<{
  name: string;
  required: boolean;
  fate: 'taken' | 'not there' | 'failed';
  says?: string | undefined;
}>;

export async function gather(
  staging: Staging,
  items: readonly Item[],
  { signal, progress, log }: Pick<StepContext, 'signal' | 'progress' | 'log'>,
): Promise<readonly ItemFate[]> {
  const fates: ItemFate[] = [];
  for (const item of items) {
    const { name, required } = item;
    const fate = await fateOf(staging, item, signal);
    fates.push({ name, required, ...fate });
    if (fate.fate !== 'taken') log(`${name}: ${fate.fate}${fate.says === undefined ? '' : `, ${fate.says}`}`);
    progress({ done: fates.length, total: items.length, unit: 'items', what: 'gathering' });
  }
  return fates;
}

async function fateOf(staging: Staging, item: Item, signal: AbortSignal): Promise<Pick<ItemFate, 'fate' | 'says'>> {
  try {
    return (await take(staging, item, signal)) > 0 ? { fate: 'taken' } : { fate: 'not there' };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    return { fate: 'failed', says: `${error.where}: ${error.says}` };
  }
}

async function take(staging: Staging, item: Item, signal: AbortSignal): Promise<number> {
  const paths = await gatherPaths(staging, item, signal);
  const databases = await gatherDatabases(staging, item.databases, signal);
  return (
    paths + databases + (await gatherCommands(staging, item, signal)) + (await gatherSpecial(staging, item, signal))
  );
}

async function gatherCommands(staging: Staging, { commands }: Item, signal: AbortSignal): Promise<number> {
  const { machine } = staging;
  const wanted = Object.entries(commands);
  for (const [name, [program = '', ...rest]] of wanted) {
    const folder = await besides(staging, 'said');
    const { stdout } = await must(machine, [program, ...rest], { signal });
    await machine.files.write(join(folder, name), stdout, 0o600);
    await timeless(machine, join(folder, name), signal);
    await timeless(machine, folder, signal);
  }
  return wanted.length;
}

function gatherSpecial(staging: Staging, { takes, devices }: Item, signal: AbortSignal): Promise<number> {
  switch (takes) {
    case undefined:
      return Promise.resolve(0);
    case 'volume groups':
      return gatherVolumeGroups(staging, signal);
    case 'partition tables':
      return gatherPartitionTables(staging, signal);
    case 'luks headers':
      return gatherLuksHeaders(staging, devices, signal);
  }
}
