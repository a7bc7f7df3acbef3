// Large files that are mostly holes, past rsync: disk images in points of files, for the most part. Where one end serves rsync only, or
// keeps owners in attributes, rsync does it alone, and reads and sends the holes as well.
import { dirname, join } from 'node:path';
import type { Machine } from '../../machines/machine.ts';
import type { Path } from '../../model/change-journal.ts';
import { milliseconds } from '../../values/duration.ts';
import { carryHoley, holeyIn, unlikeHoley } from '../common/holes/holes.ts';
import { idOf } from './places.ts';
import { rateOf } from './rate.ts';
import type { OffsiteEntry } from './schema.ts';
import type { Working } from './target.ts';

export type Side = Readonly<{ machine: Machine; folder: string }>;

export const speaksOfHoles = (...machines: readonly Machine[]): boolean =>
  machines.every(({ rsyncOnly }) => rsyncOnly === undefined);

/** @param within a path below both folders that alone is meant */
export async function carryHoles(
  { bandwidth }: Pick<OffsiteEntry, 'bandwidth'>,
  from: Side,
  to: Side,
  { working, bases = [], within = '' }: Readonly<{ working: Working; bases?: readonly string[]; within?: Path }>,
): Promise<void> {
  const { signal, world } = working;
  const holey = await holeyIn(from.machine, from.folder, signal, within);
  if (holey.length === 0) return;
  const shared = new Set<string>();
  for (const base of bases) {
    const folder = join(dirname(from.folder), idOf(base));
    // What the copy before has already becomes a link to it there, and only rsync finds it then.
    if ((await from.machine.files.info(folder)) === undefined) return;
    for (const { file } of await holeyIn(from.machine, folder, signal)) shared.add(file);
  }
  const paths = holey.filter(({ file }) => !shared.has(file)).map(({ path }) => path);
  if (paths.length === 0) return;
  await to.machine.files.makeFolder(to.folder, 0o700);
  await carryHoley(
    {
      ...{ from: from.machine, folder: from.folder, to: to.machine, into: to.folder, paths },
      rate: bandwidth === undefined ? undefined : rateOf(bandwidth),
      pause: (time) => world.clock.sleep(milliseconds(time), signal),
    },
    working,
  );
}

/** Compared without reading the holes: their names, and what differs in those. */
export async function comparedHoles(
  one: Side,
  other: Side,
  signal: AbortSignal,
): Promise<Readonly<{ compared: readonly string[]; differ: readonly string[] }>> {
  const paths = (await holeyIn(one.machine, one.folder, signal)).map(({ path }) => path);
  const text = (path: Path) => Buffer.from(path, 'latin1').toString();
  const differ = await unlikeHoley(one, other, paths, signal);
  return { compared: paths.map(text), differ: differ.map(text) };
}
