// Looks at every volume before the first one is copied: what is on it, and whether a declared key opens it. Whose key is missing or
// wrong is said at the start of the run, with the volume's name, and not hours later in the middle of it.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault, type FaultRecord } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { SecretReference } from '../../../values/secret-reference.ts';
import { contentOf } from './content.ts';
import { proveKey } from './luks.ts';
import { unsupported } from './open.ts';
import { activateSnapshot, deactivateSnapshot } from './snapshot.ts';
import { takenFor, type Volume } from './volume.ts';

export type Looked = Readonly<{
  volume: Volume;
  encrypted: boolean;
  /** why it cannot be read; the others can */
  problem: FaultRecord | undefined;
}>;

export async function preflight(
  machine: Machine,
  volumes: readonly Volume[],
  keys: readonly SecretReference[],
  context: StepContext,
): Promise<readonly Looked[]> {
  const looked: Looked[] = [];
  for (const volume of volumes) {
    context.progress({ done: looked.length, total: volumes.length, unit: 'items', what: `looking at ${volume.label}` });
    looked.push(await lookAt(machine, volume, keys, context));
  }
  return looked;
}

async function lookAt(
  machine: Machine,
  volume: Volume,
  keys: readonly SecretReference[],
  context: StepContext,
): Promise<Looked> {
  const { device } = takenFor(volume, context.run, context.folder);
  const { signal, world } = context;
  let encrypted = false;
  try {
    context.take('active snapshot', `${volume.vg}/${volume.lv}`);
    await activateSnapshot(machine, volume, signal);
    const content = await contentOf(machine, device, signal);
    encrypted = content.is === 'luks';
    if (content.is === 'luks')
      await proveKey({ machine, device, uuid: content.uuid, keys, label: volume.label, world, signal });
    else if (content.is !== 'filesystem') throw unsupported(volume, content);
    return { volume, encrypted, problem: undefined };
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    return { volume, encrypted, problem: error.toJSON() };
  } finally {
    await deactivateSnapshot(machine, volume).catch((error) => context.log(String(error)));
  }
}
