// The result of a run as readers have it, from what was found. Pure.
import type { ItemResults } from '../../model/item-results.ts';
import type { Instant } from '../../values/instant.ts';
import { claimText } from '../common/kubernetes/cluster.ts';
import type { Snapshot } from '../common/lvm/snapshots.ts';
import type { Discovered, Found } from './discovery.ts';
import { newestByLine } from './groups.ts';
import type { Asked } from './inventory.ts';
import type { LvmThinResult, VolumeState } from './result.ts';
import type { LvmThinEntry } from './schema.ts';

export type Outcome = Readonly<{
  entry: LvmThinEntry;
  asked: Asked | undefined;
  discovered: Discovered;
  sealed: readonly Snapshot[];
  now: Instant;
  days: number | undefined;
  itemResults: ItemResults;
}>;

export function resultOf({ entry, asked, discovered, sealed, now, days, itemResults }: Outcome): LvmThinResult {
  const newest = newestByLine(sealed);
  const stateOf = (found: Found): VolumeState => ({
    ...{ lv: found.volume.name, uuid: found.volume.uuid, name: found.name, bytes: found.volume.bytes },
    volume: found.cluster?.handle ?? `${found.volume.vg}/${found.volume.name}`,
    newest: newest.get(found.line)?.taken ?? null,
    points: sealed.filter(({ line }) => line === found.line).length,
  });
  const result: LvmThinResult = {
    ...{ format: 1, at: now, machine: entry.machine, volume_group: entry.volume_group, pool: entry.pool },
    volumes: [...discovered.protect, ...discovered.heldBack].map(stateOf),
    points: sealed.length,
    orphans: discovered.orphans.map(({ found, because }) => ({ lv: found.volume.name, name: found.name, because })),
    gaps: discovered.gaps.map(({ volume, claim, storage_class }) => ({
      ...{ volume, storage_class },
      claim: claim === null ? null : claimText(claim),
    })),
    held_back: discovered.heldBack.map(({ volume }) => volume.name),
    skipped: discovered.skipped,
    cluster: asked === undefined ? null : { name: asked.cluster, at: asked.at ?? null, silent: asked.silent ?? null },
    days_to_full: days ?? null,
    itemResults,
  };
  return JSON.parse(JSON.stringify(result)) as LvmThinResult;
}
