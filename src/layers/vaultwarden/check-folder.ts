// Where the live database is copied for its check, when its log has to be replayed: on the machine of the data, gone when the step is.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { VaultwardenEntry } from './schema.ts';
import { stagingBase } from './staging.ts';

export const checkFolder = (entry: VaultwardenEntry, { run }: Pick<StepContext, 'run'>): string =>
  join(stagingBase(entry) ?? '/run', `holdfast-check-${run}-${entry.name}`);

export async function removeCheckFolder(machine: Machine, folder: string, { log }: StepContext): Promise<void> {
  try {
    await machine.files.remove(folder);
  } catch (error) {
    // What lay in a pod that is gone is gone with it.
    if (!(error instanceof Fault) || !error.code.startsWith('machine-')) throw error;
    log(`${folder} may still be there: ${error.says}`);
  }
}
