// What is to be protected, what is not and why, and what nobody could tell. Pure: LVM, the cluster and the estate go in.
import type { Instant } from '../../values/instant.ts';
import { type ClusterVolume, claimText, type Inventory } from '../common/kubernetes/cluster.ts';
import { volumeOfLv } from '../common/kubernetes/inventory.ts';
import type { VolumeExclusion } from '../common/lvm/entry.ts';
import type { Volume } from '../common/lvm/report.ts';
import { lineOf, type Snapshot } from '../common/lvm/snapshots.ts';
import { candidatesIn } from './candidates.ts';
import type { Asked } from './inventory.ts';
import type { LvmThinEntry } from './schema.ts';

export type Found = Readonly<{
  volume: Volume;
  line: string;
  /** unique within the run, as an operator calls it: `photos/library`, else the name of the logical volume */
  name: string;
  /** NAMESPACE/CLAIM, where the cluster says so */
  claim: string | undefined;
  cluster: ClusterVolume | undefined;
}>;

export type Discovered = Readonly<{
  protect: readonly Found[];
  excluded: readonly Readonly<{ found: Found; exclusion: VolumeExclusion; expired: boolean }>[];
  /** not touched: the cluster is silent, and they might be excluded */
  heldBack: readonly Found[];
  /** protected, and nobody's: released, or unknown to the cluster */
  orphans: readonly Readonly<{ found: Found; because: string }>[];
  /** volumes of the cluster that no volume here backs */
  gaps: readonly ClusterVolume[];
  skipped: readonly Readonly<{ lv: string; because: string }>[];
  /** exclusions by a name that neither the cluster nor LVM has: most often misspelt */
  idle: readonly VolumeExclusion[];
}>;

export type Look = Readonly<{
  entry: LvmThinEntry;
  volumes: readonly Volume[];
  asked: Asked | undefined;
  sealed: readonly Snapshot[];
  now: Instant;
}>;

export const byCluster = ({ namespace, claim }: VolumeExclusion): boolean =>
  namespace !== undefined || claim !== undefined;

export function discover({ entry, volumes, asked, sealed, now }: Look): Discovered {
  const inventory = asked?.inventory;
  const known = new Set(inventory?.volumes.flatMap(({ lv }) => (lv === null ? [] : [lv])));
  const { live, skipped } = candidatesIn(entry, volumes, known);
  const all = named(live, sealed, inventory);
  const exclusions = entry.exclude ?? [];
  const excluded = all.flatMap((found) => {
    const exclusion = exclusions.find((one) => excludes(one, found));
    return exclusion === undefined ? [] : [{ found, exclusion, expired: exclusion.review_by < now.slice(0, 10) }];
  });
  const rest = all.filter((found) => excluded.every((one) => one.found !== found));
  const unsure = asked?.silent !== undefined && exclusions.some(byCluster);
  const heldBack = unsure ? rest.filter(({ cluster }) => cluster === undefined) : [];
  const protect = rest.filter((found) => !heldBack.includes(found));
  return {
    ...{ protect, excluded, heldBack, skipped },
    orphans: inventory === undefined ? [] : protect.flatMap((found) => orphaned(found, asked?.silent !== undefined)),
    gaps: gapsIn(inventory, volumes),
    idle: exclusions.filter((one) => !excluded.some(({ exclusion }) => exclusion === one) && !isKnown(one, inventory)),
  };
}

/** A claim's name can be that of a live volume and of one that was released: both are protected, and told apart. */
function named(
  live: readonly Volume[],
  sealed: readonly Snapshot[],
  inventory: Inventory | undefined,
): readonly Found[] {
  const taken = new Set<string>();
  const found = live.map((volume) => {
    const cluster = inventory === undefined ? undefined : volumeOfLv(inventory, volume.name);
    const claim = cluster?.claim === undefined || cluster.claim === null ? undefined : claimText(cluster.claim);
    return { volume, line: lineOf(volume, sealed), claim, cluster };
  });
  for (const { claim, cluster } of found) if (claim !== undefined && cluster?.live === true) taken.add(claim);
  return found.map((one) => {
    const { claim, cluster, volume } = one;
    if (claim === undefined) return { ...one, name: volume.name };
    if (cluster?.live === true) return { ...one, name: claim };
    return { ...one, name: `${claim} (${volume.name})` };
  });
}

function excludes({ namespace, claim, volume }: VolumeExclusion, { volume: lv, claim: its, cluster }: Found): boolean {
  if (namespace !== undefined) return cluster?.claim?.namespace === namespace;
  if (claim !== undefined) return its === claim;
  return volume !== undefined && [lv.name, cluster?.handle, cluster?.volume].includes(volume);
}

const isKnown = ({ namespace, claim }: VolumeExclusion, inventory: Inventory | undefined): boolean =>
  inventory === undefined ||
  inventory.volumes.some(
    (one) =>
      one.claim !== null &&
      (namespace !== undefined ? one.claim.namespace === namespace : claimText(one.claim) === claim),
  );

function orphaned(found: Found, silent: boolean): readonly Readonly<{ found: Found; because: string }>[] {
  const { cluster } = found;
  if (cluster === undefined) return silent ? [] : [{ found, because: 'the cluster has no volume of that name' }];
  if (cluster.live) return [];
  const because =
    cluster.claim === null
      ? `the cluster has it as ${cluster.volume}, which no claim is bound to (${cluster.phase})`
      : `it belonged to ${claimText(cluster.claim)}, which has another volume now or is gone (${cluster.phase})`;
  return [{ found, because }];
}

function gapsIn(inventory: Inventory | undefined, volumes: readonly Volume[]): readonly ClusterVolume[] {
  if (inventory === undefined) return [];
  const here = new Set(volumes.map(({ name }) => name));
  return inventory.volumes.filter(({ lv, live }) => live && (lv === null || !here.has(lv)));
}
