// Of the snapshots of one namespace: which ones a new policy removes that no policy removed until now, and which rule keeps
// the rest. Pure, by the very decision that Proxmox Backup Server makes (values/retention-decide.ts).
import type { SnapshotSeen } from '../../model/fact-types.ts';
import { instantAt } from '../../values/instant.ts';
import type { Keep } from '../../values/retention.ts';
import { decideRetention, type RetentionPoint } from '../../values/retention-decide.ts';
import type { TimeZone } from '../../values/time-zone.ts';

export type GroupChange = Readonly<{
  /** `vm/109` */
  group: string;
  snapshots: number;
  /** epoch seconds of those that become prunable, oldest first */
  going: readonly number[];
  /** why the oldest of them goes */
  because: string;
  /** those that were prunable before, too, and are only still there */
  goingAnyway: number;
  /** by the rule that keeps them */
  staying: ReadonlyMap<string, number>;
}>;

type Point = RetentionPoint & Readonly<{ time: number }>;

export function newlyPrunable(
  snapshots: readonly SnapshotSeen[],
  policy: Readonly<{ until: readonly Keep[]; keep: Keep }>,
  zone: TimeZone,
): readonly GroupChange[] {
  const groups = Map.groupBy(snapshots, ({ type, id }) => `${type}/${id}`);
  return [...groups].map(([group, ones]) => {
    const points = ones.map(({ time, finished, protected: isProtected }) => ({
      ...{ id: String(time), time, takenAt: instantAt(time * 1000), finished, protected: isProtected },
    }));
    return changeIn(group, points, policy, zone);
  });
}

function changeIn(
  group: string,
  points: readonly Point[],
  { until, keep }: Readonly<{ until: readonly Keep[]; keep: Keep }>,
  zone: TimeZone,
): GroupChange {
  const removed = (policy: Keep) => decideRetention(points, policy, zone).filter(({ verdict }) => verdict === 'remove');
  const before = new Set(until.flatMap((policy) => removed(policy).map(({ point }) => point.id)));
  const verdicts = decideRetention(points, keep, zone);
  const gone = verdicts.filter(({ verdict }) => verdict === 'remove');
  const going = gone.filter(({ point }) => !before.has(point.id));
  const staying = new Map<string, number>();
  for (const { verdict, rule } of verdicts) if (verdict === 'keep') staying.set(rule, (staying.get(rule) ?? 0) + 1);
  return {
    ...{ group, snapshots: points.length, staying, goingAnyway: gone.length - going.length },
    // Verdicts are newest first, and the oldest is removed first.
    going: going.map(({ point }) => point.time).reverse(),
    because: going.at(-1)?.because ?? '',
  };
}
