// Who runs which pods. A pod belongs to what controls it, and that to what controls it in turn: a Deployment makes a
// ReplicaSet, a CronJob a Job, an operator whatever it likes. The last one that Kubernetes itself knows is the workload.
import type { ClusterPod, ClusterWorkload, WorkloadRef } from './cluster.ts';
import type { Controller, Metadata, OwnerReference, PersistentVolumeClaim, Pod, PodSpec } from './shapes.ts';

export type Controlled = Readonly<{ kind: string; object: Controller }>;

/** Groups of the API that are Kubernetes' own: whoever controls something from another one is an operator. */
const own = /^(v1|(apps|batch)\/.*)$/;

const keyOf = (kind: string, namespace: string, name: string): string => `${kind} ${namespace}/${name}`;

export function workloadsOf(
  controllers: readonly Controlled[],
  pods: readonly Pod[],
  claims: readonly PersistentVolumeClaim[],
): readonly ClusterWorkload[] {
  const known = new Map(
    controllers.map((one) => [keyOf(one.kind, one.object.metadata.namespace, one.object.metadata.name), one]),
  );
  const byRoot = Map.groupBy(pods.filter(isThere), ({ metadata }) => {
    const root = rootOf(metadata, known);
    return root === undefined
      ? keyOf('Pod', metadata.namespace, metadata.name)
      : keyOf(root.kind, metadata.namespace, root.object.metadata.name);
  });
  const workloads = [...known.values()]
    .filter(({ object }) => inChargeOf(object.metadata, known) === undefined)
    .map(({ kind, object }) => {
      const { namespace, name } = object.metadata;
      const key = keyOf(kind, namespace, name);
      const itsPods = byRoot.get(key) ?? [];
      byRoot.delete(key);
      return controllerAsWorkload(kind, object, itsPods, claims);
    });
  return [...workloads, ...[...byRoot.values()].flat().map(withoutController)];
}

/** One that has run to its end holds nothing any more, though its record stays (a Job's, most often). */
export const isThere = ({ status }: Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

const controllerIn = ({ ownerReferences }: Metadata): OwnerReference | undefined =>
  ownerReferences?.find(({ controller }) => controller === true);

/** What controls it, where that is of Kubernetes' own and still there. */
function inChargeOf(metadata: Metadata, known: ReadonlyMap<string, Controlled>): Controlled | undefined {
  const owner = controllerIn(metadata);
  if (owner === undefined || !own.test(owner.apiVersion)) return undefined;
  return known.get(keyOf(owner.kind, metadata.namespace, owner.name));
}

/** The uppermost that Kubernetes knows. Owners are written by whoever may write them, so they may even own each other. */
function rootOf(metadata: Metadata, known: ReadonlyMap<string, Controlled>): Controlled | undefined {
  const seen = new Set<Controlled>();
  let found: Controlled | undefined;
  for (let above = inChargeOf(metadata, known); above !== undefined && !seen.has(above); ) {
    seen.add(above);
    found = above;
    above = inChargeOf(above.object.metadata, known);
  }
  return found;
}

function operatorOf(metadata: Metadata): WorkloadRef | null {
  const owner = controllerIn(metadata);
  if (owner === undefined || own.test(owner.apiVersion)) return null;
  return { kind: owner.kind, namespace: metadata.namespace, name: owner.name };
}

function controllerAsWorkload(
  kind: string,
  { metadata, spec, status }: Controller,
  pods: readonly Pod[],
  claims: readonly PersistentVolumeClaim[],
): ClusterWorkload {
  const template = spec.template?.spec ?? spec.jobTemplate?.spec.template.spec;
  const fromTemplates = (spec.volumeClaimTemplates ?? []).flatMap(({ metadata: { name } }) =>
    claimsOfTemplate(`${name}-${metadata.name}-`, metadata.namespace, claims),
  );
  return {
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    // Kubernetes takes 1 where a manifest leaves it out, and shows it; a DaemonSet, a Job and a CronJob have none.
    replicas: spec.replicas ?? null,
    ready: status?.readyReplicas ?? (spec.replicas === null || spec.replicas === undefined ? null : 0),
    operator: operatorOf(metadata),
    claims: [
      ...new Set([
        ...(template === undefined ? [] : claimsIn(template, undefined)),
        ...fromTemplates,
        ...podClaims(pods),
      ]),
    ].sort(),
    pods: pods.map(asPod),
    gitops: gitopsMarks(metadata),
  };
}

/** A StatefulSet's claims are `TEMPLATE-SET-ORDINAL`; those of replicas that were scaled away are still its own. */
const claimsOfTemplate = (
  prefix: string,
  namespace: string,
  claims: readonly PersistentVolumeClaim[],
): readonly string[] =>
  claims
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.name.startsWith(prefix))
    .map(({ metadata }) => metadata.name)
    .filter((name) => /^[0-9]+$/.test(name.slice(prefix.length)));

/** A pod of nobody, of an operator directly, or of something that is gone. */
const withoutController = (pod: Pod): ClusterWorkload => ({
  kind: 'Pod',
  namespace: pod.metadata.namespace,
  name: pod.metadata.name,
  replicas: null,
  ready: null,
  operator: operatorOf(pod.metadata),
  claims: podClaims([pod]),
  pods: [asPod(pod)],
  gitops: gitopsMarks(pod.metadata),
});

const podClaims = (pods: readonly Pod[]): readonly string[] =>
  [...new Set(pods.flatMap(({ metadata, spec }) => claimsIn(spec, metadata.name)))].sort();

/** An ephemeral volume's claim is named after pod and volume (kubernetes.io/docs/concepts/storage/ephemeral-volumes). */
export function claimsIn({ volumes }: PodSpec, pod: string | undefined): readonly string[] {
  return (volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined && persistentVolumeClaim !== null) return [persistentVolumeClaim.claimName];
    return ephemeral !== undefined && ephemeral !== null && pod !== undefined ? [`${pod}-${name}`] : [];
  });
}

export const asPod = ({ metadata, spec, status }: Pod): ClusterPod => ({
  name: metadata.name,
  node: spec.nodeName ?? null,
  phase: status?.phase ?? 'unknown',
  ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
  ending: typeof metadata.deletionTimestamp === 'string',
});

const marks = [
  ['Argo CD', 'argocd.argoproj.io/tracking-id'],
  ['Argo CD', 'argocd.argoproj.io/instance'],
  ['Flux', 'kustomize.toolkit.fluxcd.io/name'],
  ['Flux', 'helm.toolkit.fluxcd.io/name'],
  ['Fleet', 'objectset.rio.cattle.io/id'],
  ['KEDA', 'scaledobject.keda.sh/name'],
] as const;

/** Tools that set what runs to what a repository or a rule says mark what they look after. */
function gitopsMarks({ labels, annotations }: Metadata): readonly string[] {
  return marks.flatMap(([tool, key]) => {
    const value = annotations?.[key] ?? labels?.[key];
    return value === undefined ? [] : [`${tool} (${key}: ${value})`];
  });
}
