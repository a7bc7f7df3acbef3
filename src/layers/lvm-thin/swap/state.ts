// How far a swap has come, read from the volumes themselves: by UUIDs, which LVM never gives twice, and by the run's own tags.
import { runWord } from '../../common/lvm/names.ts';
import type { Volume } from '../../common/lvm/report.ts';
import { liveOf, type Swapping } from './given.ts';
import { allVolumes } from './lvm.ts';

/**
 * `half`: the live volume has been renamed, and nothing has its name. `settled`: the new volume is called the workload's own,
 * and is not led back any more. `odd`: somebody else has been at it.
 */
export type SwapState = 'untouched' | 'half' | 'swapped' | 'settled' | 'odd';

/** On the clone from its first moment: whose it is, whatever its name. */
export const broughtBy = (run: string): string => `hf.restored-by=${runWord(run)}`;
/** On the new volume when it was verified. It is the one word that decides whether a killed restore is led back. */
export const settledBy = (run: string): string => `hf.restore-settled=${runWord(run)}`;

export type Found = Readonly<{
  state: SwapState;
  named: Volume | undefined;
  old: Volume | undefined;
  fresh: Volume | undefined;
}>;

export async function stateOf(swapping: Swapping, run: string, signal: AbortSignal): Promise<Found> {
  return judge(swapping, run, await allVolumes(swapping, signal));
}

function judge(swapping: Pick<Swapping, 'live' | 'names'>, run: string, volumes: readonly Volume[]): Found {
  const live = liveOf(swapping as Swapping);
  const by = (name: string) => volumes.find((volume) => volume.name === name);
  const [named, old, fresh] = [by(live.lv), by(swapping.names.old), by(swapping.names.fresh)];
  const found = { named, old, fresh };
  if (named?.uuid === live.uuid) return { state: old === undefined ? 'untouched' : 'odd', ...found };
  const ours = named?.tags.includes(broughtBy(run)) === true;
  if (ours && named.tags.includes(settledBy(run))) return { state: 'settled', ...found };
  if (old?.uuid !== live.uuid) return { state: 'odd', ...found };
  if (named === undefined) return { state: 'half', ...found };
  return { state: ours ? 'swapped' : 'odd', ...found };
}
