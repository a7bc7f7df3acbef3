// The inventory of a cluster: which volumes it has, whose they are and who uses them.
import type * as z from 'zod';
import type { Kubernetes, KubernetesList } from '../../../machines/kubernetes.ts';
import {
  type Claim,
  type ClusterVolume,
  type ClusterWorkload,
  claimText,
  type Inventory,
  type WorkloadRef,
} from './cluster.ts';
import { backedBy } from './handle.ts';
import { type Controlled, workloadsOf } from './owners.ts';
import { bytesOfQuantity } from './quantity.ts';
import {
  controller,
  type PersistentVolume,
  type PersistentVolumeClaim,
  parsedAs,
  persistentVolume,
  persistentVolumeClaim,
  pod,
} from './shapes.ts';

/** @throws Fault as `Kubernetes.list`, and `cluster-answer-odd` */
export async function readInventory(kubernetes: Kubernetes, signal?: AbortSignal): Promise<Inventory> {
  const cluster = kubernetes.name;
  const all = async <Shape>(schema: z.ZodType<Shape>, what: KubernetesList): Promise<readonly Shape[]> =>
    parsedAs(schema, await kubernetes.list(what, signal), cluster);
  const of = async (kind: string, what: KubernetesList): Promise<readonly Controlled[]> =>
    (await all(controller, what)).map((object) => ({ kind, object }));
  const [volumes, claims, pods, ...controllers] = await Promise.all([
    all(persistentVolume, 'persistentvolumes'),
    all(persistentVolumeClaim, 'persistentvolumeclaims'),
    all(pod, 'pods'),
    of('ReplicaSet', 'replicasets'),
    of('Deployment', 'deployments'),
    of('StatefulSet', 'statefulsets'),
    of('DaemonSet', 'daemonsets'),
    of('Job', 'jobs'),
    of('CronJob', 'cronjobs'),
  ]);
  const workloads = workloadsOf(controllers.flat(), pods, claims);
  return { cluster, workloads, volumes: volumesOf(volumes, claims, workloads) };
}

function volumesOf(
  volumes: readonly PersistentVolume[],
  claims: readonly PersistentVolumeClaim[],
  workloads: readonly ClusterWorkload[],
): readonly ClusterVolume[] {
  const boundTo = new Map(claims.map(({ metadata, spec }) => [claimText(metadata), { uid: metadata.uid, spec }]));
  return volumes.map(({ metadata, spec, status }) => {
    const claim = spec.claimRef ?? undefined;
    const now = claim === undefined ? undefined : boundTo.get(claimText(claim));
    const sameClaim = claim?.uid === undefined || claim.uid === null || claim.uid === now?.uid;
    const live = now?.spec.volumeName === metadata.name && sameClaim;
    const handle = spec.csi?.volumeHandle ?? null;
    const backing = handle === null ? undefined : backedBy(handle);
    const capacity = spec.capacity?.['storage'];
    return {
      volume: metadata.name,
      driver: spec.csi?.driver ?? null,
      handle,
      storage: backing?.storage ?? null,
      lv: backing?.lv ?? null,
      phase: status?.phase ?? 'unknown',
      claim: claim === undefined ? null : { namespace: claim.namespace, name: claim.name },
      live,
      storage_class: spec.storageClassName ?? null,
      mode: spec.volumeMode ?? 'Filesystem',
      bytes: capacity === undefined ? null : (bytesOfQuantity(capacity) ?? null),
      reclaim_policy: spec.persistentVolumeReclaimPolicy ?? null,
      used_by: live && claim !== undefined ? usersOf(workloads, claim) : [],
    };
  });
}

const usersOf = (workloads: readonly ClusterWorkload[], claim: Claim): readonly WorkloadRef[] =>
  workloads
    .filter(({ namespace, claims }) => namespace === claim.namespace && claims.includes(claim.name))
    .map(({ kind, namespace, name }) => ({ kind, namespace, name }));

/** The volume behind a logical volume; where a live one and a released one could be meant, the live one. */
export function volumeOfLv({ volumes }: Inventory, lv: string): ClusterVolume | undefined {
  const found = volumes.filter((volume) => volume.lv === lv);
  return found.find(({ live }) => live) ?? found[0];
}

/** The claim that a logical volume belongs to, or belonged to before it was released. */
export const claimOfVolume = (inventory: Inventory, lv: string): Claim | undefined =>
  volumeOfLv(inventory, lv)?.claim ?? undefined;

/** The volume that the claim is bound to now, never one that was released. */
export const volumeOfClaim = ({ volumes }: Inventory, wanted: Claim): ClusterVolume | undefined =>
  volumes.find(({ claim, live }) => live && claim !== null && claimText(claim) === claimText(wanted));
