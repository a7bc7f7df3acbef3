// Which machine is which: rsync is started on `machine`, and the other end may be one that serves rsync only.
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { must } from '../common/commands.ts';
import type { OffsiteEntry, SourceLayer } from './schema.ts';

export type Ends = Readonly<{
  /** where rsync, rclone and age are started */
  near: Machine;
  /** that the points lie on */
  source: Machine;
  /** that copies lie on; undefined for a remote of rclone */
  target: Machine | undefined;
}>;

/** @throws Fault `offsite-ends-apart` where neither end is the machine that the layer runs on, or both run no commands */
export function endsOf(entry: OffsiteEntry, layers: readonly SourceLayer[], world: World): Ends {
  const near = world.machine(entry.machine);
  const [first] = layers;
  const source = world.machine(first?.machine ?? entry.machine);
  const target = entry.remote === undefined ? world.machine(entry.to_machine ?? entry.machine) : undefined;
  const touching = source.name === near.name || target?.name === near.name;
  if (touching && near.rsyncOnly === undefined) return { near, source, target };
  throw new Fault('offsite-ends-apart', {
    where: entry.name,
    says: touching
      ? `${near.name} serves rsync only, so that nothing can be started there`
      : `it runs on ${near.name}, and neither the points (${source.name}) nor the copies (${target?.name}) lie there`,
    remedy: 'in `machine`, name the machine that the points lie on, or, to fetch them, the one that the copies go to',
  });
}

export const isPull = ({ near, source }: Ends): boolean => source.name !== near.name;

/** Where nobody is root, owners and devices are kept in attributes of the files (rsync(1), --fake-super). */
export async function isFakeSuper({ target }: Ends): Promise<boolean> {
  if (target === undefined) return false;
  if (target.rsyncOnly !== undefined) return true;
  return (await must(target, ['id', '-u'])).stdout.trim() !== '0';
}
