// Why nothing of an encrypted source may be copied to where a layer copies.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault, type FaultRecord } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { type Protection, protectionOf, refuseWeaker } from '../protection.ts';

/** Undefined where it may. @param places each folder that something of it will lie in, and how it lies there */
export async function weakerOf(
  machine: Machine,
  places: readonly (readonly [folder: string, protection: Protection])[],
  { signal }: Pick<StepContext, 'signal'>,
): Promise<FaultRecord | undefined> {
  try {
    for (const [folder, protection] of places)
      refuseWeaker(await protectionOf(machine, folder, signal), folder, protection);
    return undefined;
  } catch (error) {
    if (error instanceof Fault && error.code === 'copy-less-protected') return error.toJSON();
    throw error;
  }
}
