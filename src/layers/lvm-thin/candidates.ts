// Which volumes of a volume group a layer is for. Found by pattern and pool in what LVM says now; never by a list that somebody
// would have to keep. Pure.

import { isOurs } from '../common/lvm/names.ts';
import type { Volume } from '../common/lvm/report.ts';
import { snapshotsIn } from '../common/lvm/snapshots.ts';
import { matchesGlob } from './glob.ts';
import type { LvmThinEntry } from './schema.ts';

export type Candidates = Readonly<{
  live: readonly Volume[];
  /** they fit the pattern, and are not what it is for */
  skipped: readonly Readonly<{ lv: string; because: string }>[];
}>;

/** @param known names of logical volumes that the cluster has: such a one is no snapshot, whatever it came from */
export function candidatesIn(
  entry: Pick<LvmThinEntry, 'volumes' | 'pool'>,
  volumes: readonly Volume[],
  known: ReadonlySet<string>,
): Candidates {
  const names = new Set(volumes.map(({ name }) => name));
  const ours = new Set(snapshotsIn(volumes).sealed.map(({ uuid }) => uuid));
  const live: Volume[] = [];
  const skipped: { lv: string; because: string }[] = [];
  for (const volume of volumes) {
    if (isOurs(volume.name) || isSnapshotOfPve(volume.name) || !matchesGlob(entry.volumes, volume.name)) continue;
    const because = whyNot(entry, volume, known, names, ours);
    if (because === undefined) live.push(volume);
    else skipped.push({ lv: volume.name, because });
  }
  return { live, skipped };
}

/** pve-storage, LvmThinPlugin.pm: `snap_VOLUME_NAME` is the snapshot of a guest's disk. */
const isSnapshotOfPve = (name: string): boolean => name.startsWith('snap_');

function whyNot(
  { pool }: Pick<LvmThinEntry, 'pool'>,
  volume: Volume,
  known: ReadonlySet<string>,
  names: ReadonlySet<string>,
  ours: ReadonlySet<string>,
): string | undefined {
  if (volume.type !== 'thin') return 'it is no thin volume: it cannot have thin snapshots';
  if (volume.pool !== pool) return `it lies in the pool ${volume.pool}`;
  const fromElsewhere = volume.origin !== undefined && names.has(volume.origin) && !ours.has(volume.originUuid ?? '');
  const inUse = volume.open || known.has(volume.name);
  // A volume that was restored from a snapshot has an origin, too; somebody uses it, or the cluster knows it.
  return fromElsewhere && !inUse ? `it is a snapshot of ${volume.origin} that somebody else took` : undefined;
}
