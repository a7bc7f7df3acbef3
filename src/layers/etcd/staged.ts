// A snapshot as a file for a moment: etcdctl writes nothing else, and reads nothing else.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { must } from '../common/commands.ts';
import { checkRoom } from '../common/points/destination.ts';
import type { EtcdEntry } from './schema.ts';

const folderOf = ({ staging }: Pick<EtcdEntry, 'staging'>, { run, path }: Pick<StepContext, 'run' | 'path'>): string =>
  join(staging, `.holdfast-${run}-${Buffer.from(path).toString('base64url').slice(0, 60)}`);

/** @returns a new folder of our own: everybody may write to /var/tmp, and one that somebody put there before us is not taken */
export async function stagingFolder(entry: EtcdEntry, need: number, context: StepContext): Promise<string> {
  const machine = context.world.machine(entry.machine);
  const folder = folderOf(entry, context);
  if ((await machine.files.info(entry.staging))?.type !== 'folder')
    throw new Fault('staging-missing', {
      where: `${machine.name}: ${entry.staging}`,
      says: 'there is no such folder',
      remedy: 'give `staging` a folder on that machine with room for one snapshot',
    });
  await checkRoom(machine.files, entry.staging, need);
  context.take('folder of a snapshot', folder);
  await machine.files.remove(folder);
  await must(machine, ['mkdir', '-m', '0700', '--', folder], { signal: context.signal });
  return folder;
}

export const removeStaged = (machine: Machine, entry: EtcdEntry, context: StepContext): Promise<void> =>
  machine.files.remove(folderOf(entry, context));
