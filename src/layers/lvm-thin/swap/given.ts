// What the steps of a restore are given: everything that was found when it was planned. Each of them is given the same, so
// that whoever leads back a killed restore needs no more than the step at hand and the run's id.
import * as z from 'zod';
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { Kubernetes } from '../../../machines/kubernetes.ts';
import type { Machine } from '../../../machines/machine.ts';
import { secretReference } from '../../../values/secret-reference.ts';
import { givenOf } from '../../common/given.ts';
import { lvmName } from '../../common/lvm/entry.ts';
import { deviceOf, nameFor, snapshotName } from '../../common/lvm/names.ts';

const claim = z.strictObject({ namespace: z.string(), name: z.string() });

const quieted = z.strictObject({
  kind: z.enum(['Deployment', 'StatefulSet']),
  namespace: z.string(),
  name: z.string(),
  /** how many there were: so many there will be again */
  replicas: z.int().nonnegative(),
  /** how many of them were ready before anything was done */
  ready: z.int().nonnegative(),
});
export type Quieted = z.infer<typeof quieted>;

const point = z.strictObject({
  id: z.string(),
  layer: z.string(),
  workload: z.string(),
  lv: lvmName,
  uuid: z.string(),
});

const live = z.strictObject({
  lv: lvmName,
  uuid: z.string(),
  bytes: z.number(),
  active: z.boolean(),
  writable: z.boolean(),
  skips_activation: z.boolean(),
  /** null where this LVM does not know the flag (before 2.03.12) */
  autoactivates: z.boolean().nullable(),
  /** other people's: our own speak of the volume that has them */
  tags: z.array(z.string()),
  /** as the safety snapshot's tags will say them */
  line: z.string(),
  volume: z.string(),
  storage_class: z.string().nullable(),
  claim: z.string().nullable(),
});

const cluster = z.strictObject({
  name: z.string(),
  claims: z.array(claim),
  volumes: z.array(z.string()),
  workloads: z.array(quieted),
});

export const swapGiven = z.strictObject({
  machine: z.string(),
  vg: lvmName,
  pool: lvmName,
  point,
  /** what is replaced; null where the point becomes a volume of its own */
  live: live.nullable(),
  /** the name of the new volume, where nothing is replaced */
  target: lvmName.nullable(),
  cluster: cluster.nullable(),
  /** whether there must be a file system in it: not where a workload takes the bare disk, or nobody can say */
  must_hold_files: z.boolean(),
  luks_keys: z.array(secretReference),
  keep_old: z.boolean(),
  /** which of the workloads, for steps that are one for each */
  which: z.int().nonnegative().optional(),
});
export type SwapGiven = z.infer<typeof swapGiven>;
export type Live = z.infer<typeof live>;

export type Swapping = SwapGiven &
  Readonly<{
    on: Machine;
    kubernetes: Kubernetes | undefined;
    names: Readonly<{ fresh: string; old: string; safety: string }>;
    device(lv: string): string;
  }>;

export function swappingIn(context: StepContext): Swapping {
  const given = givenOf(swapGiven, context.step);
  const of = given.live?.uuid ?? given.point.uuid;
  return {
    ...given,
    on: context.world.machine(given.machine),
    kubernetes: given.cluster === null ? undefined : context.world.kubernetes(given.cluster.name),
    names: {
      fresh: nameFor('new', context.run, of),
      old: nameFor('old', context.run, of),
      safety: snapshotName(context.run, of),
    },
    device: (lv) => deviceOf(given.vg, lv),
  };
}

/** The live volume of a step that is only ever planned where there is one. */
export function liveOf({ live: found }: SwapGiven): Live {
  if (found === null) throw new Error('this step was planned without a volume to replace');
  return found;
}

export function workloadOf({ cluster: found, which }: SwapGiven): Quieted {
  const workload = found?.workloads[which ?? -1];
  if (workload === undefined) throw new Error('this step was planned without a workload');
  return workload;
}
