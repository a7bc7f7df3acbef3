// Which volumes are taken together, and which come first: those of one workload in one go, what was never protected or failed
// last time before everything else. Pure.
import type { Instant } from '../../values/instant.ts';
import { workloadText } from '../common/kubernetes/cluster.ts';
import { groupsOf } from '../common/kubernetes/groups.ts';
import type { Snapshot } from '../common/lvm/snapshots.ts';
import type { Found } from './discovery.ts';
import type { Asked } from './inventory.ts';

export type Group = Readonly<{
  volumes: readonly Found[];
  /** `StatefulSet photos/db`: who uses them; nobody for a lone volume */
  users: readonly string[];
  /** the newest point of the volume that waits longest; undefined: one of them has none */
  oldest: Instant | undefined;
}>;

export function groupsIn(
  protect: readonly Found[],
  asked: Asked | undefined,
  sealed: readonly Snapshot[],
): readonly Group[] {
  const newest = newestByLine(sealed);
  const left = new Map(protect.map((found) => [found.volume.name, found]));
  const groups: Group[] = [];
  const add = (volumes: readonly Found[], users: readonly string[]) => {
    for (const { volume } of volumes) left.delete(volume.name);
    if (volumes.length > 0) groups.push({ volumes, users, oldest: oldestOf(volumes, newest) });
  };
  if (asked?.inventory !== undefined)
    for (const { volumes, workloads } of groupsOf(asked.inventory)) {
      const live = new Set(volumes.filter((one) => one.live).map(({ lv }) => lv));
      const found = protect.filter(({ volume }) => live.has(volume.name) && left.has(volume.name));
      add(found, workloads.map(workloadText));
    }
  for (const found of [...left.values()]) add([found], []);
  return groups.toSorted(byNeed);
}

export function newestByLine(sealed: readonly Snapshot[]): ReadonlyMap<string, Snapshot> {
  const newest = new Map<string, Snapshot>();
  for (const one of sealed) if ((newest.get(one.line)?.taken ?? '') < one.taken) newest.set(one.line, one);
  return newest;
}

function oldestOf(volumes: readonly Found[], newest: ReadonlyMap<string, Snapshot>): Instant | undefined {
  const times = volumes.map(({ line }) => newest.get(line)?.taken);
  return times.includes(undefined) ? undefined : times.toSorted()[0];
}

const byNeed = (one: Group, other: Group): number => {
  const [first, second] = [one.oldest ?? '', other.oldest ?? ''];
  if (first !== second) return first < second ? -1 : 1;
  return (one.volumes[0]?.name ?? '') < (other.volumes[0]?.name ?? '') ? -1 : 1;
};
