// A pod's life: it waits for its claims and volumes, runs, is asked to go, goes, or does not.
import { attached, attachFor, volumesOf } from './attachments.ts';
import type { Condition, Pod } from './objects.ts';
import { all, now, passed, remove, type State, touch } from './store.ts';

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** `NAMESPACE/NAME`, or with `*` at its end. */
const isAmong = (patterns: readonly string[], namespace: string | undefined, name: string): boolean =>
  patterns.some((pattern) => {
    const full = `${namespace ?? ''}/${name}`;
    return pattern.endsWith('*') ? full.startsWith(pattern.slice(0, -1)) : full === pattern;
  });

export function settlePods(state: State): void {
  for (const pod of [...all(state, 'pods')]) {
    if (pod.metadata.deletionTimestamp !== undefined) leave(state, pod);
    else if (pod.status?.phase === 'Pending') start(state, pod);
    else if (pod.status?.phase === 'Running') becomeReady(state, pod);
  }
}

function leave(state: State, pod: Pod): void {
  const { namespace, name, uid } = pod.metadata;
  if (isAmong(state.behaviour.staysForEver, namespace, name)) return;
  if (passed(state, 'leaves', uid, state.behaviour.podLeaves)) remove(state, 'pods', pod);
}

function start(state: State, pod: Pod): void {
  if (pod.spec === undefined) return;
  const volumes = volumesOf(state, pod);
  if ('missing' in volumes) {
    tell(state, pod, 'Pending', [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: `0/${state.nodes.length} nodes are available: persistentvolumeclaim "${volumes.missing}" not found.`,
      },
    ]);
    return;
  }
  if (pod.spec.nodeName === undefined) {
    const there = volumes.found.map((volume) => attached(state, volume)).find((one) => one !== undefined);
    pod.spec.nodeName = there?.spec?.nodeName ?? state.nodes[0] ?? 'node';
    touch(state, pod);
  }
  const scheduled: Condition = { type: 'PodScheduled', status: 'True' };
  if (!volumes.found.every((volume) => attachFor(state, pod, volume))) {
    tell(state, pod, 'Pending', [
      scheduled,
      { type: 'ContainersReady', status: 'False', reason: 'ContainersNotReady', message: 'volumes are not attached' },
    ]);
    return;
  }
  if (!passed(state, 'starts', pod.metadata.uid, state.behaviour.podStarts)) return;
  tell(state, pod, 'Running', [scheduled, { type: 'Ready', status: 'False', reason: 'ContainersNotReady' }]);
}

function becomeReady(state: State, pod: Pod): void {
  const ready = !isAmong(state.behaviour.neverReady, pod.metadata.namespace, pod.metadata.name);
  tell(state, pod, 'Running', [
    { type: 'PodScheduled', status: 'True' },
    ready
      ? { type: 'Ready', status: 'True' }
      : { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status' },
  ]);
}

function tell(state: State, pod: Pod, phase: string, conditions: Condition[]): void {
  if (pod.status?.phase === phase && JSON.stringify(pod.status.conditions) === JSON.stringify(conditions)) return;
  const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  pod.status = {
    ...pod.status,
    phase,
    conditions,
    ...(phase === 'Running' ? { startTime: pod.status?.['startTime'] ?? now() } : {}),
    containerStatuses: (pod.spec?.containers ?? []).map(({ name }) => ({
      name,
      ready,
      restartCount: 0,
      state: phase === 'Running' ? { running: { startedAt: now() } } : { waiting: { reason: 'ContainerCreating' } },
    })),
  };
  touch(state, pod);
}
