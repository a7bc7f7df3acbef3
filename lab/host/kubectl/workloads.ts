// StatefulSets, Deployments (through their ReplicaSets), DaemonSets and Jobs: how many pods there should be, and which.
import { createHash, randomBytes } from 'node:crypto';
import type { Pod, Template, Workload } from './objects.ts';
import { isReady } from './pods.ts';
import { all, create, now, ownerOf, type State, touch } from './store.ts';

export function settleWorkloads(state: State): void {
  for (const deployment of all(state, 'deployments')) settleDeployment(state, deployment);
  for (const set of all(state, 'statefulsets')) settleStatefulSet(state, set);
  for (const set of all(state, 'replicasets')) settleReplicaSet(state, set);
  for (const set of all(state, 'daemonsets')) settleDaemonSet(state, set);
  for (const job of all(state, 'jobs')) if (podsOf(state, job).length === 0) addPod(state, job, suffixed(job));
  for (const plural of ['deployments', 'statefulsets', 'replicasets'] as const)
    for (const workload of all(state, plural)) tellStatus(state, workload);
}

const podsOf = (state: State, owner: Workload): readonly Pod[] =>
  all(state, 'pods').filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === owner.metadata.uid),
  );

const wanted = (workload: Workload): number => workload.spec?.replicas ?? 1;
const isLeaving = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
const suffixed = (owner: Workload): string => `${owner.metadata.name}-${randomBytes(4).toString('hex').slice(0, 5)}`;

function settleDeployment(state: State, deployment: Workload): void {
  if (deployment.spec === undefined) return;
  const { selector, template } = deployment.spec;
  const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 9);
  const mine = all(state, 'replicasets').filter((set) =>
    set.metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid),
  );
  const current = mine.find(({ metadata }) => metadata.labels?.['pod-template-hash'] === hash);
  const label = { 'pod-template-hash': hash };
  if (current === undefined) {
    const labels = { ...template.metadata?.labels, ...label };
    create<Workload>(
      state,
      'replicasets',
      {
        namespace: deployment.metadata.namespace,
        name: `${deployment.metadata.name}-${hash}`,
        labels,
        owner: ownerOf(deployment),
      },
      {
        spec: {
          replicas: wanted(deployment),
          selector: { matchLabels: { ...selector.matchLabels, ...label } },
          template: { ...template, metadata: { labels } },
        },
      },
    );
  }
  for (const set of mine) follow(state, set, set === current ? wanted(deployment) : 0);
}

function follow(state: State, set: Workload, replicas: number): void {
  if (set.spec === undefined || set.spec.replicas === replicas) return;
  set.spec.replicas = replicas;
  touch(state, set);
}

function settleReplicaSet(state: State, set: Workload): void {
  const staying = podsOf(state, set).filter((pod) => !isLeaving(pod));
  for (const pod of staying.slice(wanted(set))) sendAway(state, pod);
  for (let missing = wanted(set) - staying.length; missing > 0; missing--) addPod(state, set, suffixed(set));
}

/** In their order, the next one when the last one is ready; away in the other order, one at a time. */
function settleStatefulSet(state: State, set: Workload): void {
  const pods = new Map(podsOf(state, set).map((pod) => [Number(/\d+$/.exec(pod.metadata.name)?.[0]), pod]));
  const parallel = set.spec?.['podManagementPolicy'] === 'Parallel';
  for (let ordinal = 0; ordinal < wanted(set); ordinal++) {
    const pod = pods.get(ordinal);
    if (pod === undefined) addPod(state, set, `${set.metadata.name}-${ordinal}`);
    if (!parallel && (pod === undefined || !isReady(pod))) break;
  }
  for (const ordinal of [...pods.keys()].sort((a, b) => b - a)) {
    const pod = pods.get(ordinal);
    if (pod === undefined || ordinal < wanted(set)) break;
    sendAway(state, pod);
    if (!parallel) break;
  }
}

function settleDaemonSet(state: State, set: Workload): void {
  for (const node of state.nodes)
    if (!podsOf(state, set).some(({ spec }) => spec?.nodeName === node)) addPod(state, set, suffixed(set), node);
}

function addPod(state: State, owner: Workload, name: string, node?: string): void {
  const template: Template | undefined = owner.spec?.template;
  if (template === undefined) throw new Error(`${owner.metadata.name} has no template for its pods`);
  const claims = (owner.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: `${metadata.name}-${name}` },
  }));
  const labels = { ...template.metadata?.labels };
  create<Pod>(
    state,
    'pods',
    { namespace: owner.metadata.namespace, name, labels, owner: ownerOf(owner) },
    {
      spec: {
        ...template.spec,
        ...(node === undefined ? {} : { nodeName: node }),
        volumes: [...(template.spec.volumes ?? []), ...claims],
      },
      status: { phase: 'Pending', conditions: [] },
    },
  );
}

function sendAway(state: State, pod: Pod): void {
  if (isLeaving(pod)) return;
  pod.metadata.deletionTimestamp = now();
  pod.metadata.deletionGracePeriodSeconds = 30;
  touch(state, pod);
}

function tellStatus(state: State, workload: Workload): void {
  const pods =
    workload.kind === 'Deployment'
      ? all(state, 'replicasets')
          .filter((set) => set.metadata.ownerReferences?.some(({ uid }) => uid === workload.metadata.uid))
          .flatMap((set) => podsOf(state, set))
      : podsOf(state, workload);
  const ready = pods.filter(isReady).length;
  const status = {
    observedGeneration: workload.metadata.generation ?? 1,
    replicas: pods.length,
    // Counts of nothing are left out, as the API server leaves them out of its JSON.
    ...(ready === 0 ? {} : { readyReplicas: ready, availableReplicas: ready }),
  };
  if (JSON.stringify(workload.status) === JSON.stringify(status)) return;
  workload.status = status;
  touch(state, workload);
}
