// The step `lvm-thin.tidy`: says on the new volume itself that the restore is settled, and removes the one it replaced, whose
// content the safety snapshot has. Until that word is there everything leads back; from then on nothing does.
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { absent } from '../../../model/step.ts';
import { liveOf, type Swapping, swappingIn } from './given.ts';
import { addTags, deactivate, removeOurs, takeTags, volumeNamed } from './lvm.ts';
import { patiently } from './patiently.ts';
import { holds, isSealed } from './safety.ts';
import { type Found, settledBy, stateOf } from './state.ts';

export const tidyKind: StepKind = {
  name: 'lvm-thin.tidy',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const { lv } = liveOf(swapping);
    await provenSafe(context, swapping, await stateOf(swapping, context.run, context.signal));
    await addTags(swapping, lv, [settledBy(context.run)]);
    const kept = swapping.keep_old ? swapping.names.old : null;
    return { result: { volume: `${swapping.vg}/${lv}`, safety: swapping.names.safety, kept } };
  },

  probe: async (context) => {
    const { state } = await patiently(context, () => stateOf(swappingIn(context), context.run, context.signal));
    return state === 'settled'
      ? { answer: 'done', evidence: 'the restored volume says that the restore is settled' }
      : { answer: 'not done', evidence: `the swap is ${state}` };
  },

  /** Taken back only while what would be put back is still there. */
  undo: (context) =>
    patiently(context, async () => {
      const swapping = swappingIn(context);
      const { state, old } = await stateOf(swapping, context.run, context.signal);
      if (state === 'settled' && old !== undefined)
        await takeTags(swapping, liveOf(swapping).lv, [settledBy(context.run)]);
    }),

  release: (context) =>
    patiently(context, async () => {
      const swapping = swappingIn(context);
      const found = await stateOf(swapping, context.run, context.signal);
      if (found.state !== 'settled' || found.old === undefined || swapping.keep_old) return;
      await provenSafe(context, swapping, found);
      if (found.old.active) await deactivate(swapping, found.old.name, context.signal);
      await removeOurs(swapping, found.old.name);
    }),
};

/** LVM itself says of which volume, by its UUID, the safety snapshot is one. */
async function provenSafe(context: StepContext, swapping: Swapping, { state, old }: Found): Promise<void> {
  const safety = await volumeNamed(swapping, swapping.names.safety, context.signal);
  const inPlace = state === 'swapped' || state === 'settled';
  if (inPlace && old?.uuid === liveOf(swapping).uuid && holds(safety, swapping) && isSealed(safety)) return;
  throw new Fault('safety-copy-missing', {
    where: `${swapping.vg}/${swapping.names.old}`,
    says: `${swapping.names.safety} is not a sealed snapshot of it, so it is not removed`,
    remedy: 'look at the volume group with `lvs -a -o +origin_uuid,lv_tags` before you remove anything by hand',
  });
}
