// Which volumes are taken by one command, and which come first: those of one workload together, lone ones a few at a time, what was never
// protected or failed last time before everything else. Pure.
import type { Instant } from '../../values/instant.ts';
import { workloadText } from '../common/kubernetes/cluster.ts';
import { groupsOf } from '../common/kubernetes/groups.ts';
import type { Snapshot } from '../common/lvm/snapshots.ts';
import type { Found } from './discovery.ts';
import type { Asked } from './inventory.ts';

export type Group = Readonly<{
  volumes: readonly Found[];
  /** whether they are of one workload, so that their points belong together */
  together: boolean;
  /** `StatefulSet photos/db`: who uses them */
  users: readonly string[];
  /** the newest point of the volume that waits longest; undefined: one of them has none */
  oldest: Instant | undefined;
}>;

/**
 * A process of LVM costs as much as what it does for a volume (0.5 s of the 1.1 s on an emulated machine), and so several lone volumes
 * share one. Few, because a command that hangs takes the others of its step with it, for that run.
 */
const loneAtOnce = 5;

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
    if (volumes.length > 0)
      groups.push({ volumes, users, together: volumes.length > 1, oldest: oldestOf(volumes, newest) });
  };
  if (asked?.inventory !== undefined)
    for (const { volumes, workloads } of groupsOf(asked.inventory)) {
      const live = new Set(volumes.filter((one) => one.live).map(({ lv }) => lv));
      const found = protect.filter(({ volume }) => live.has(volume.name) && left.has(volume.name));
      add(found, workloads.map(workloadText));
    }
  for (const found of [...left.values()]) add([found], []);
  const { true: together = [], false: alone = [] } = Object.groupBy(
    groups.toSorted(byNeed),
    (one) => `${one.together}`,
  );
  return [...together, ...fewAtOnce(alone, newest)].toSorted(byNeed);
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

/** In their order. What fell behind the others goes alone: it may hang again, and is to take nothing else with it twice. */
function fewAtOnce(alone: readonly Group[], newest: ReadonlyMap<string, Snapshot>): readonly Group[] {
  // What a restore kept before it began is of no run of this layer.
  const last = [...newest.values()]
    .filter(({ held }) => held === undefined)
    .reduce<Snapshot | undefined>(
      (latest, one) => (latest === undefined || latest.taken < one.taken ? one : latest),
      undefined,
    );
  const isBehind = ({ volumes: [found] }: Group): boolean =>
    last !== undefined && newest.get(found?.line ?? '')?.run !== last.run;
  const others = alone.filter((group) => !isBehind(group));
  const steps: Group[] = [];
  for (let from = 0; from < others.length; from += loneAtOnce) {
    const few = others.slice(from, from + loneAtOnce);
    steps.push({
      volumes: few.flatMap(({ volumes }) => volumes),
      users: [],
      together: false,
      oldest: few[0]?.oldest,
    });
  }
  return [...alone.filter(isBehind), ...steps];
}
