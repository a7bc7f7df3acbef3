// Which snapshots may go after this run, and why; and which volumes are without a fresh one. Pure.
import type { RunId } from '../../model/run.ts';
import { count } from '../../values/text.ts';
import { restorePointOf, type Snapshot } from '../common/lvm/snapshots.ts';
import { decidePruning } from '../common/points/prune-decision.ts';
import type { Found } from './discovery.ts';
import { some } from './notes.ts';
import type { LvmThinEntry } from './schema.ts';

export type Removal = Readonly<{ snapshot: Snapshot; beside: Snapshot; because: string }>;
type Remark = Readonly<{ level: 'info' | 'warning'; says: string }>;

export type Retention = Readonly<{ remove: readonly Removal[]; remarks: readonly Remark[] }>;

/** @param found every volume that is there, excluded ones among them */
export function decideRetention(
  entry: LvmThinEntry,
  sealed: readonly Snapshot[],
  found: readonly Found[],
  run: RunId,
  timeZone: string,
): Retention {
  const byLine = Map.groupBy(sealed, ({ line }) => line);
  const remove: Removal[] = [];
  const remarks = new Map<string, { remark: Remark; volumes: string[] }>();
  for (const [line, points] of byLine) {
    const fresh = points.findLast((one) => one.run === run);
    // What this run has not protected keeps everything it has.
    if (fresh === undefined) continue;
    const decided = decideLine(entry, points, fresh, timeZone);
    remove.push(...decided.remove);
    const name = found.find((one) => one.line === line)?.name ?? fresh.origin;
    for (const remark of decided.remarks) {
      const known = remarks.get(kindOfRemark(remark)) ?? { remark, volumes: [] };
      known.volumes.push(name);
      remarks.set(kindOfRemark(remark), known);
    }
  }
  const limited = withinBudget(entry, remove);
  return {
    remove: limited.remove,
    remarks: [...[...remarks.values()].map(together), ...limited.remarks, ...vanished(byLine, found)],
  };
}

function decideLine(entry: LvmThinEntry, points: readonly Snapshot[], fresh: Snapshot, timeZone: string) {
  const earlier = points.filter((one) => one !== fresh);
  const byPoint = new Map(earlier.map((one) => [one.point, one]));
  const decided = decidePruning(
    entry,
    earlier.map((one) => restorePointOf(entry.machine, one)),
    { id: fresh.point, takenAt: fresh.taken, source: {}, run: fresh.run, sinceBoot: fresh.sinceBoot },
    timeZone,
  );
  const remove = decided.remove.flatMap(({ point, because }): Removal[] => {
    const snapshot = byPoint.get(point.manifest.id);
    return snapshot === undefined ? [] : [{ snapshot, beside: fresh, because }];
  });
  return { remove, remarks: decided.remarks };
}

/** `prune_at_most` is said of the run: the oldest go first, and the rest waits. */
function withinBudget({ prune_at_most }: LvmThinEntry, remove: readonly Removal[]): Retention {
  if (prune_at_most === undefined || remove.length <= prune_at_most) return { remove, remarks: [] };
  const oldest = remove.toSorted((one, other) => (one.snapshot.taken < other.snapshot.taken ? -1 : 1));
  const says = `retention no longer keeps ${count(remove.length, 'point')}, and \`prune_at_most\` lets ${prune_at_most} go in one run: the oldest go first`;
  return { remove: oldest.slice(0, prune_at_most), remarks: [{ level: 'info', says }] };
}

/** The same trouble with seventy volumes (a clock that was set) is one trouble. */
const kindOfRemark = ({ says }: Remark): string => says.slice(0, 12);

const together = ({ remark, volumes }: { remark: Remark; volumes: readonly string[] }): Remark => ({
  level: remark.level,
  says:
    volumes.length === 1
      ? `${volumes[0]}: ${remark.says}`
      : `${count(volumes.length, 'volume')} (${some(volumes)}): ${remark.says}`,
});

function vanished(byLine: ReadonlyMap<string, readonly Snapshot[]>, found: readonly Found[]): readonly Remark[] {
  const there = new Set(found.map(({ line }) => line));
  const gone = [...byLine].filter(([line]) => !there.has(line)).map(([, points]) => points.at(-1));
  if (gone.length === 0) return [];
  const names = gone.flatMap((one) => (one === undefined ? [] : [`${one.workload} (${one.origin})`]));
  return [
    {
      level: 'warning',
      says: `${count(gone.length, 'volume')} with restore points ${gone.length === 1 ? 'is' : 'are'} not there any more, or not of this layer: ${some(names)}. Their points are kept until somebody removes them (\`lvremove\`)`,
    },
  ];
}
