// Who holds a volume right now, in words: its pods and the nodes it is attached to; and which autoscalers watch over a workload.
import type { Kubernetes } from '../../../machines/kubernetes.ts';
import { shown } from '../../../values/text.ts';
import type { Claim, WorkloadRef } from './cluster.ts';
import { asPod, claimsIn, isThere } from './owners.ts';
import { type Autoscaler, autoscaler, parsedAs, pod, volumeAttachment } from './shapes.ts';

/** @param volumes names of PersistentVolumes */
export async function holdersInCluster(
  kubernetes: Kubernetes,
  claims: readonly Claim[],
  volumes: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [pods, attachments] = await Promise.all([
    kubernetes.list('pods', signal),
    kubernetes.list('volumeattachments', signal),
  ]);
  const holding = parsedAs(pod, pods, kubernetes.name).filter((one) => isThere(one) && mounts(one, claims));
  const attached = parsedAs(volumeAttachment, attachments, kubernetes.name).filter(({ spec }) =>
    volumes.includes(spec.source.persistentVolumeName ?? ''),
  );
  return [
    ...holding.map((one) => {
      const { name, node, phase, ending } = asPod(one);
      const where = node === null ? 'on no node yet' : `on ${node}`;
      return shown(`pod ${one.metadata.namespace}/${name} (${ending ? 'ending' : phase}, ${where})`);
    }),
    ...attached.map(({ spec }) =>
      shown(`volume ${spec.source.persistentVolumeName ?? ''} is attached to node ${spec.nodeName}`),
    ),
  ];
}

const mounts = ({ metadata, spec }: Parameters<typeof asPod>[0], claims: readonly Claim[]): boolean => {
  const named = claimsIn(spec, metadata.name);
  return claims.some(({ namespace, name }) => namespace === metadata.namespace && named.includes(name));
};

export type Autoscaling = Readonly<{ name: string; of: WorkloadRef; least: number; most: number | null }>;

export async function autoscalersOf(kubernetes: Kubernetes, signal: AbortSignal): Promise<readonly Autoscaling[]> {
  return parsedAs(autoscaler, await kubernetes.list('horizontalpodautoscalers', signal), kubernetes.name).map(
    asAutoscaling,
  );
}

const asAutoscaling = ({ metadata, spec }: Autoscaler): Autoscaling => ({
  name: metadata.name,
  of: { kind: spec.scaleTargetRef.kind, namespace: metadata.namespace, name: spec.scaleTargetRef.name },
  least: spec.minReplicas ?? 1,
  most: spec.maxReplicas ?? null,
});
