// The steps `lvm-thin.resume` and `lvm-thin.verify`: each workload gets the replicas it had, and then has to run on what was
// brought back. One that does not is no restore: everything leads back.
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { absent } from '../../../model/step.ts';
import { formatDuration, minutes, seconds } from '../../../values/duration.ts';
import { type Quieted, type Swapping, swappingIn, workloadOf } from './given.ts';
import { patiently } from './patiently.ts';
import { nameOf, replicasNow, scale } from './quiesce.ts';
import { stateOf } from './state.ts';

export const resumeKind: StepKind = {
  name: 'lvm-thin.resume',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const workload = workloadOf(swapping);
    const now = await replicasNow(swapping, workload, context.signal);
    if (now?.replicas !== workload.replicas) await scale(swapping, workload, workload.replicas, 0, context.signal);
    return { result: { replicas: workload.replicas } };
  },

  probe: async (context) => {
    const swapping = swappingIn(context);
    const workload = workloadOf(swapping);
    const now = await patiently(context, () => replicasNow(swapping, workload, context.signal));
    return {
      answer: now?.replicas === workload.replicas ? 'done' : 'not done',
      evidence: `${nameOf(workload)} has ${now?.replicas ?? 'no'} replicas`,
    };
  },

  undo: (context) => patiently(context, () => atRestAgain(context, swappingIn(context))),
};

/** From whatever number: an autoscaler may have changed it as soon as there was one again. */
async function atRestAgain(context: StepContext, swapping: Swapping): Promise<void> {
  const workload = workloadOf(swapping);
  if ((await stateOf(swapping, context.run, context.signal)).state === 'settled') return;
  for (let tries = 0; ; tries += 1) {
    const now = await replicasNow(swapping, workload, context.signal);
    if (now === undefined || now.replicas === 0) return;
    try {
      return await scale(swapping, workload, 0, now.replicas, context.signal);
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'scale-changed') || tries >= 5) throw error;
    }
  }
}

/** Images are pulled already; what takes long is an application that reads all of its data at its start. */
const untilReady = minutes(10);

export const verifyKind: StepKind = {
  name: 'lvm-thin.verify',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const { clock } = context.world;
    const began = clock.monotonic();
    for (;;) {
      const missing = await whatIsMissing(context, swapping);
      if (missing.length === 0) break;
      const waited = clock.monotonic() - began;
      if (waited >= untilReady)
        throw new Fault('workload-not-ready', {
          where: swapping.point.workload,
          says: `after ${formatDuration(untilReady)} on the restored volume: ${missing.join('; ')}`,
          remedy:
            'the volume of before is put back; see why with `kubectl describe pod` and the logs of its pods, or try an older point',
        });
      context.progress({ done: Math.round(waited / 1000), unit: 'items', what: `waiting: ${missing.join('; ')}` });
      await clock.sleep(seconds(3), context.signal);
    }
    const { state, named } = await stateOf(swapping, context.run, context.signal);
    if (state !== 'swapped')
      throw new Fault('volume-gone', {
        where: `${swapping.vg}/${swapping.live?.lv}`,
        says: 'what runs now does not run on the volume that was restored: somebody else has changed it',
        remedy: 'look at the volume group with `lvs -a`, and at the log of the run for what was renamed',
      });
    return { result: { volume: named?.uuid ?? null, ready: (swapping.cluster?.workloads ?? []).map(nameOf) } };
  },

  probe: async (context) => {
    const missing = await patiently(context, () => whatIsMissing(context, swappingIn(context)));
    return missing.length === 0
      ? { answer: 'done', evidence: 'everything is ready' }
      : { answer: 'not done', evidence: missing.join('; ') };
  },

  /** It only looks. */
  undo: async () => {},
};

/** In words: workloads that are not ready again, claims that are bound to another volume by now. */
async function whatIsMissing(context: StepContext, swapping: Swapping): Promise<readonly string[]> {
  const { kubernetes, cluster } = swapping;
  if (kubernetes === undefined || cluster === null) return [];
  const workloads = cluster.workloads.filter(({ replicas }) => replicas > 0);
  const unready = workloads.map(async (workload) => {
    const now = await replicasNow(swapping, workload, context.signal);
    const wanted = needed(workload, now?.replicas ?? 0);
    return now === undefined || now.ready < wanted || now.replicas === 0
      ? [`${nameOf(workload)} has ${now?.ready ?? 0} of ${wanted} ready`]
      : [];
  });
  const astray = cluster.claims.map(async ({ namespace, name }) => {
    const claim = await kubernetes.get('persistentvolumeclaims', namespace, name, context.signal);
    const bound = (claim as { spec?: { volumeName?: string } } | undefined)?.spec?.volumeName;
    return cluster.volumes.includes(bound ?? '')
      ? []
      : [`claim ${namespace}/${name} is bound to ${bound ?? 'nothing'}`];
  });
  return (await Promise.all([...unready, ...astray])).flat();
}

/** As many as were ready before, or all where none was: most often that is why there is a restore. An autoscaler may want fewer. */
const needed = ({ replicas, ready }: Quieted, now: number): number =>
  Math.max(1, Math.min(ready > 0 ? Math.min(ready, replicas) : replicas, now));
