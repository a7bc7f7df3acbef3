// The step `lvm-thin.prepare`: a writable copy of the restore point, which itself stays as it is and can be restored again.
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { absent } from '../../../model/step.ts';
import { type Digest, digestOf } from '../../../values/canonical.ts';
import { kindOf } from '../../../values/ref.ts';
import type { Volume } from '../../common/lvm/report.ts';
import { type Swapping, swappingIn } from './given.ts';
import { allVolumes, deactivate, extendTo, makeClone, removeOurs, volumeNamed } from './lvm.ts';
import { patiently } from './patiently.ts';
import { essenceNow } from './scout.ts';
import { broughtBy } from './state.ts';

/** Beyond these, a pool is about to take no write of anybody any more; below, a clone costs next to nothing. */
const fullest = { data: 98, metadata: 95 } as const;

export const prepareKind: StepKind = {
  name: 'lvm-thin.prepare',

  observe: async (context, subject): Promise<Digest> => {
    const swapping = swappingIn(context);
    if (kindOf(subject) !== 'restore-point') return digestOf(await essenceNow(context, swapping));
    const volumes = await allVolumes(swapping, context.signal);
    const point = volumes.find(({ name, uuid }) => name === swapping.point.lv && uuid === swapping.point.uuid);
    return point === undefined ? absent : digestOf(point.uuid);
  },

  do: async (context) => {
    const swapping = swappingIn(context);
    const { names, point, live, on } = swapping;
    checkRoom(swapping, await allVolumes(swapping, context.signal));
    context.take('volume', names.fresh);
    await makeClone(
      swapping,
      {
        name: names.fresh,
        of: point.lv,
        tags: [broughtBy(context.run), ...(live?.tags ?? [])],
        skipsActivation: live?.skips_activation ?? false,
      },
      context.signal,
    );
    const made = await volumeNamed(swapping, names.fresh, context.signal);
    if (made?.originUuid !== point.uuid)
      throw new Fault('restore-point-gone', {
        where: on.name,
        says: `${names.fresh} is not a copy of ${point.lv}: the restore point was replaced meanwhile`,
        remedy: 'see `holdfast points`, and restore again from one that is there',
      });
    if (live !== null && made.bytes < live.bytes) await extendTo(swapping, names.fresh, live.bytes, context.signal);
    return { result: { volume: names.fresh } };
  },

  probe: async (context) => {
    const swapping = swappingIn(context);
    const { names, point, live } = swapping;
    const made = await patiently(context, () => volumeNamed(swapping, names.fresh, context.signal));
    const whole = made?.originUuid === point.uuid && made.bytes >= (live?.bytes ?? 0);
    return whole
      ? { answer: 'done', evidence: `${names.fresh} is a copy of ${point.lv}`, result: { volume: names.fresh } }
      : { answer: 'not done', evidence: `${names.fresh} ${made === undefined ? 'is not there' : 'is not whole'}` };
  },

  undo: (context) => patiently(context, () => removeFresh(context, swappingIn(context))),
};

async function removeFresh(context: StepContext, swapping: Swapping): Promise<void> {
  const made = await volumeNamed(swapping, swapping.names.fresh, context.signal);
  if (made === undefined) return;
  if (made.active) await deactivate(swapping, made.name, context.signal);
  await removeOurs(swapping, made.name);
}

function checkRoom({ vg, pool }: Swapping, volumes: readonly Volume[]): void {
  const found = volumes.find(({ name }) => name === pool);
  const { dataPercent = 0, metadataPercent = 0 } = found ?? {};
  if (dataPercent < fullest.data && metadataPercent < fullest.metadata) return;
  throw new Fault('pool-without-room', {
    where: `${vg}/${pool}`,
    says: `the pool is full: ${dataPercent} % of its data, ${metadataPercent} % of its metadata (a restore begins below ${fullest.data} % and ${fullest.metadata} %)`,
    remedy: `make room first: \`lvextend\` it, or remove old restore points; nothing was changed`,
  });
}
