// The step `lvm-thin.detach`: waits until no pod, no node, no mapper and no process has the volume, and deactivates it. A wait that
// is over ends the restore, with the names of whoever still has it.
import type { StepKind } from '../../../contracts/step-kind.ts';
import { absent } from '../../../model/step.ts';
import { minutes } from '../../../values/duration.ts';
import { atRest } from './free.ts';
import { liveOf, swappingIn } from './given.ts';
import { activate, volumeNamed } from './lvm.ts';
import { patiently } from './patiently.ts';

/** Pods get 30 s to end unless they ask for more; a node that is gone keeps its attachment for 6 minutes. */
export const untilDetached = minutes(10);

export const detachKind: StepKind = {
  name: 'lvm-thin.detach',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const { lv } = liveOf(swapping);
    await atRest(context, swapping, lv, untilDetached);
    return { result: { detached: `${swapping.vg}/${lv}` } };
  },

  probe: async (context) => {
    const swapping = swappingIn(context);
    const { lv, uuid } = liveOf(swapping);
    const found = await patiently(context, () => volumeNamed(swapping, lv, context.signal));
    return found?.uuid === uuid && !found.active
      ? { answer: 'done', evidence: `${lv} is not active` }
      : { answer: 'not done', evidence: `${lv} is still active` };
  },

  undo: (context) =>
    patiently(context, async () => {
      const swapping = swappingIn(context);
      const { lv, uuid, active } = liveOf(swapping);
      const found = await volumeNamed(swapping, lv, context.signal);
      if (active && found?.uuid === uuid && !found.active) await activate(swapping, lv, context.signal);
    }),
};
