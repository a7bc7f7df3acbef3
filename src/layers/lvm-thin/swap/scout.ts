// What a restore must know before it can be planned: which volume stands there now, whose it is, and who would be interrupted. It is
// read again just before the first step, and what has changed since ends the restore before anything was done.
import * as z from 'zod';
import type { RestoreWish } from '../../../contracts/layer.ts';
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { World } from '../../../contracts/world.ts';
import { Fault } from '../../../fault.ts';
import type { Json } from '../../../values/canonical.ts';
import {
  type Claim,
  type ClusterVolume,
  type ClusterWorkload,
  claimText,
  type Inventory,
} from '../../common/kubernetes/cluster.ts';
import { readInventory } from '../../common/kubernetes/inventory.ts';
import { type Autoscaling, autoscalersOf } from '../../common/kubernetes/uses.ts';
import type { LvmEntry } from '../../common/lvm/entry.ts';
import { readName } from '../../common/lvm/names.ts';
import type { Volume } from '../../common/lvm/report.ts';
import { lineOf, snapshotsIn } from '../../common/lvm/snapshots.ts';
import type { Live, Swapping } from './given.ts';
import { allVolumes, autoactivates } from './lvm.ts';

/** What stands in a point's manifest, as lvm-thin writes it. */
const pointFacts = z.object({
  source: z.object({
    vg: z.string(),
    pool: z.string(),
    lv: z.string(),
    namespace: z.string().optional(),
    claim: z.string().optional(),
  }),
  details: z.object({ lv: z.string(), uuid: z.string() }),
});

export type ScoutedCluster = Readonly<{
  name: string;
  /** volumes of the cluster that the logical volume backs; more than one where an operator has made a second by hand */
  volumes: readonly ClusterVolume[];
  workloads: readonly ClusterWorkload[];
  autoscalers: readonly Autoscaling[];
  /** the claim of the point, where it is bound to something that is no volume of this volume group */
  elsewhere: string | null;
}>;

export type Scouted = Readonly<{
  vg: string;
  pool: string;
  point: Readonly<{ lv: string; uuid: string; bytes: number; origin: string; claim: string | null }>;
  /** of the live volume, whether there is one or not */
  name: string;
  live: (Live & Readonly<{ open: boolean }>) | null;
  /** of other restores that were not led back: what they left in the volume group */
  leftovers: readonly string[];
  cluster: ScoutedCluster | null;
  /** the name that was asked for is taken */
  taken: boolean;
}>;

export async function scoutRestore(
  entry: LvmEntry,
  wish: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Json> {
  return JSON.parse(JSON.stringify(await look(entry, wish, world, signal))) as Json;
}

export const isLive = (target: string | undefined): boolean => target === 'live';
/** The second part of `VG/NAME`. */
export const nameWanted = (target: string | undefined): string | undefined => /^[^/]+\/(.+)$/.exec(target ?? '')?.[1];

async function look(
  entry: LvmEntry,
  { point, target }: RestoreWish,
  world: World,
  signal: AbortSignal,
): Promise<Scouted> {
  const { source, details } = pointFacts.parse(point.manifest);
  const within = { on: world.machine(entry.machine), vg: source.vg };
  const volumes = await allVolumes(within, signal);
  const snapshot = volumes.find(({ name, uuid }) => name === details.lv && uuid === details.uuid);
  if (snapshot === undefined)
    throw new Fault('restore-point-gone', {
      where: `${source.vg}/${details.lv}`,
      says: 'the snapshot of this restore point is not there any more',
      remedy: 'see `holdfast points`, and restore from one that is there',
    });
  const claim = source.claim === undefined ? undefined : { namespace: source.namespace ?? '', name: source.claim };
  const inCluster =
    isLive(target) && entry.kubernetes !== undefined
      ? await clusterLook(world, entry.kubernetes, claim, source.lv, volumes, signal)
      : undefined;
  const name = inCluster?.lv ?? source.lv;
  const found = isLive(target) ? volumes.find((volume) => volume.name === name) : undefined;
  return {
    vg: source.vg,
    pool: source.pool,
    point: {
      ...{ lv: snapshot.name, uuid: snapshot.uuid, bytes: snapshot.bytes, origin: source.lv },
      claim: claim === undefined ? null : claimText(claim),
    },
    name,
    live:
      found === undefined
        ? null
        : {
            ...liveFacts(found, volumes, inCluster?.cluster.volumes ?? []),
            autoactivates: await autoactivates(within, found.name, signal),
          },
    leftovers: volumes.filter((volume) => readName(volume.name)?.role === 'old').map((volume) => volume.name),
    cluster: inCluster?.cluster ?? null,
    taken: volumes.some((volume) => volume.name === nameWanted(target)),
  };
}

function liveFacts(volume: Volume, volumes: readonly Volume[], known: readonly ClusterVolume[]) {
  const of = known.find(({ live }) => live) ?? known[0];
  return {
    ...{ lv: volume.name, uuid: volume.uuid, bytes: volume.bytes, active: volume.active, open: volume.open },
    ...{ writable: volume.writable, skips_activation: volume.skipsActivation },
    tags: volume.tags.filter((tag) => !tag.startsWith('hf.')),
    line: lineOf(volume, snapshotsIn(volumes).sealed),
    volume: of?.handle ?? `${volume.vg}/${volume.name}`,
    storage_class: of?.storage_class ?? null,
    claim: of?.claim === null || of?.claim === undefined ? null : claimText(of.claim),
  };
}

type InCluster = Readonly<{ lv: string; cluster: ScoutedCluster }>;

/** The claim decides which volume is live: it may have been made anew since the point was taken, with another volume. */
async function clusterLook(
  world: World,
  name: string,
  claim: Claim | undefined,
  origin: string,
  volumes: readonly Volume[],
  signal: AbortSignal,
): Promise<InCluster> {
  const kubernetes = world.kubernetes(name);
  const [inventory, autoscalers] = await Promise.all([
    readInventory(kubernetes, signal),
    autoscalersOf(kubernetes, signal),
  ]);
  const bound = claim === undefined ? undefined : boundTo(inventory, claim);
  const here = bound?.lv !== undefined && bound.lv !== null && volumes.some((volume) => volume.name === bound.lv);
  const lv = here ? (bound?.lv ?? origin) : origin;
  const backed = inventory.volumes.filter((volume) => volume.lv === lv);
  const workloads = inventory.workloads.filter((workload) => backed.some((volume) => usesIt(workload, volume)));
  return {
    lv,
    cluster: {
      ...{ name, volumes: backed, workloads },
      autoscalers: autoscalers.filter(({ of }) =>
        workloads.some((one) => one.kind === of.kind && one.namespace === of.namespace && one.name === of.name),
      ),
      elsewhere: bound !== undefined && !here ? (bound.handle ?? bound.volume) : null,
    },
  };
}

const boundTo = ({ volumes }: Inventory, wanted: Claim): ClusterVolume | undefined =>
  volumes.find(({ claim, live }) => live && claim !== null && claimText(claim) === claimText(wanted));

const usesIt = ({ namespace, claims }: ClusterWorkload, { claim, live }: ClusterVolume): boolean =>
  live && claim !== null && claim.namespace === namespace && claims.includes(claim.name);

/** As much of it as the plan relies on: not which pods there are, nor whether the volume is open at the moment. */
export type Essence = Readonly<{ live: string | null; users: readonly string[] }>;

export const essenceOf = (
  live: string | null,
  users: readonly Readonly<{ kind: string; namespace: string; name: string; replicas: number | null }>[],
): Essence => ({
  live,
  users: users.map(({ kind, namespace, name, replicas }) => `${kind} ${namespace}/${name} ${replicas ?? ''}`).sort(),
});

export async function essenceNow({ world, signal }: StepContext, swapping: Swapping): Promise<Essence> {
  const { live, cluster } = swapping;
  const volumes = await allVolumes(swapping, signal);
  const uuid = volumes.find(({ name }) => name === live?.lv)?.uuid ?? null;
  if (cluster === null) return essenceOf(uuid, []);
  const inventory = await readInventory(world.kubernetes(cluster.name), signal);
  const backed = inventory.volumes.filter((volume) => volume.lv === live?.lv);
  return essenceOf(
    uuid,
    inventory.workloads.filter((workload) => backed.some((volume) => usesIt(workload, volume))),
  );
}
