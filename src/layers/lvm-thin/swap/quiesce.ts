// The step `lvm-thin.quiesce`: one workload is scaled to 0, from the number of replicas it had when the restore was planned. That
// number stands in the plan, and so in the journal: whoever leads back knows it.
import * as z from 'zod';
import { changedSincePlanned, type StepContext, type StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { absent } from '../../../model/step.ts';
import { type Quieted, type Swapping, swappingIn, workloadOf } from './given.ts';
import { patiently } from './patiently.ts';
import { stateOf } from './state.ts';

const shape = z.object({
  spec: z.object({ replicas: z.number().nullish() }),
  status: z.object({ readyReplicas: z.number().nullish() }).nullish(),
});

export type Now = Readonly<{ replicas: number; ready: number }>;

const plurals = { Deployment: 'deployments', StatefulSet: 'statefulsets' } as const;
const singulars = { Deployment: 'deployment', StatefulSet: 'statefulset' } as const;

export const nameOf = ({ kind, namespace, name }: Quieted): string => `${kind} ${namespace}/${name}`;

/** Undefined where it is gone. */
export async function replicasNow(
  { kubernetes }: Swapping,
  workload: Quieted,
  signal: AbortSignal,
): Promise<Now | undefined> {
  const found = await kubernetes?.get(plurals[workload.kind], workload.namespace, workload.name, signal);
  if (found === undefined) return undefined;
  const { spec, status } = shape.parse(found);
  return { replicas: spec.replicas ?? 1, ready: status?.readyReplicas ?? 0 };
}

export async function scale(
  { kubernetes }: Swapping,
  workload: Quieted,
  to: number,
  from: number,
  signal: AbortSignal,
) {
  await kubernetes?.scale(singulars[workload.kind], workload.namespace, workload.name, to, from, signal);
}

export const quiesceKind: StepKind = {
  name: 'lvm-thin.quiesce',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const workload = workloadOf(swapping);
    const now = await replicasNow(swapping, workload, context.signal);
    if (now?.replicas !== workload.replicas)
      throw changedSincePlanned(
        nameOf(workload),
        now === undefined ? 'it is gone' : `it had ${workload.replicas} replicas, and has ${now.replicas} now`,
      );
    if (workload.replicas > 0) await scale(swapping, workload, 0, workload.replicas, context.signal);
    return { result: { replicas: workload.replicas } };
  },

  probe: async (context) => {
    const swapping = swappingIn(context);
    const workload = workloadOf(swapping);
    const now = await patiently(context, () => replicasNow(swapping, workload, context.signal));
    return now?.replicas === 0
      ? { answer: 'done', evidence: `${nameOf(workload)} has 0 replicas`, result: { replicas: workload.replicas } }
      : { answer: 'not done', evidence: `${nameOf(workload)} has ${now?.replicas ?? 'no'} replicas` };
  },

  undo: (context) => patiently(context, () => scaleBack(context, swappingIn(context))),
};

/** Only when its volume is in its place: pods that start on a volume which is not theirs are worse than none. */
async function scaleBack(context: StepContext, swapping: Swapping): Promise<void> {
  const workload = workloadOf(swapping);
  const { state } = await stateOf(swapping, context.run, context.signal);
  if (state !== 'untouched' && state !== 'settled')
    throw new Fault('workload-left-at-rest', {
      where: nameOf(workload),
      says: `its volume is not back in its place (${state}), so it stays at 0 replicas; it had ${workload.replicas}`,
      remedy: `put the volume back as the log of the run says, then scale it: kubectl scale -n ${workload.namespace} ${singulars[workload.kind]}/${workload.name} --replicas=${workload.replicas}`,
    });
  const now = await replicasNow(swapping, workload, context.signal);
  if (now === undefined || now.replicas === workload.replicas) return;
  if (now.replicas === 0) return scale(swapping, workload, workload.replicas, 0, context.signal);
  context.log(
    `${nameOf(workload)} has ${now.replicas} replicas by somebody else's hand, and keeps them; it had ${workload.replicas}`,
  );
}
