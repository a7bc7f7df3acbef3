// What the cluster's controllers do between two requests, until nothing more changes: replicas become pods, pods come and go,
// volumes are attached and detached. It runs before each answer, and in `tick` of the test that keeps the cluster.
import { settleAttachments } from './attachments.ts';
import type { Workload } from './objects.ts';
import { settlePods } from './pods.ts';
import { resourceOfKind } from './resources.ts';
import { all, find, isOver, passed, type State, touch } from './store.ts';
import { settleWorkloads } from './workloads.ts';

// Far more than the longest chain (Deployment, ReplicaSet, pod, volume, ready) needs for a StatefulSet of some replicas.
const mostPasses = 200;

export function reconcile(state: State): void {
  const { apiLater } = state.behaviour;
  if (apiLater !== undefined && isOver(state, apiLater.due)) {
    state.behaviour.api = apiLater.becomes;
    delete state.behaviour.apiLater;
  }
  for (let pass = 0, before = -1; before !== state.revision; pass++) {
    if (pass > mostPasses) throw new Error('the controllers of this cluster do not come to rest');
    before = state.revision;
    meddle(state);
    autoscale(state);
    settleWorkloads(state);
    settlePods(state);
    settleAttachments(state);
  }
}

function meddle(state: State): void {
  for (const { kind, namespace, name, replicas, after } of state.behaviour.meddlers) {
    const workload = find(state, resourceOfKind(kind), namespace, name) as Workload | undefined;
    if (workload === undefined) continue;
    if (workload.spec?.replicas === replicas) delete state.due[`meddler ${workload.metadata.uid}`];
    else if (passed(state, 'meddler', workload.metadata.uid, after)) setReplicas(state, workload, replicas);
  }
}

/** At 0 replicas an autoscaler rests ("ScalingDisabled"); above, it keeps them between its two numbers. */
function autoscale(state: State): void {
  for (const { metadata, spec } of all(state, 'horizontalpodautoscalers')) {
    if (spec === undefined) continue;
    const { kind, name } = spec.scaleTargetRef;
    const workload = find(state, resourceOfKind(kind), metadata.namespace, name) as Workload | undefined;
    const replicas = workload?.spec?.replicas ?? 0;
    const wanted = Math.min(Math.max(replicas, spec.minReplicas), spec.maxReplicas);
    if (workload !== undefined && replicas !== 0 && wanted !== replicas) setReplicas(state, workload, wanted);
  }
}

export function setReplicas(state: State, workload: Workload, replicas: number): void {
  if (workload.spec === undefined || workload.spec.replicas === replicas) return;
  workload.spec.replicas = replicas;
  workload.metadata.generation = (workload.metadata.generation ?? 1) + 1;
  touch(state, workload);
}
