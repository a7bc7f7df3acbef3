// The step `lvm-thin.swap`: two renames. Between them no volume has the workload's name, so whoever finds it so, in whatever
// process, knows by UUIDs which is which and renames in the other order.
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { absent } from '../../../model/step.ts';
import { seconds } from '../../../values/duration.ts';
import { untilDetached } from './detach.ts';
import { atRest } from './free.ts';
import { liveOf, type Swapping, swappingIn } from './given.ts';
import { activate, gone, makeReadOnly, neverAutoactivate, rename } from './lvm.ts';
import { patiently } from './patiently.ts';
import { stateOf } from './state.ts';

export const swapKind: StepKind = {
  name: 'lvm-thin.swap',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const { names, vg } = swapping;
    const live = liveOf(swapping);
    // Whoever scales a workload back by himself (an operator, a GitOps tool) may have done so since it was proven to be at rest.
    await atRest(context, swapping, live.lv, seconds(0));
    const { state, fresh } = await stateOf(swapping, context.run, context.signal);
    if (state !== 'untouched' || fresh === undefined)
      throw gone(`${vg}/${live.lv}`, 'the volume, or the copy that is to take its place, is not there any more');
    if (!live.writable) await makeReadOnly(swapping, names.fresh);
    if (live.autoactivates === false) await neverAutoactivate(swapping, names.fresh);
    context.take('name of the live volume', names.old);
    await rename(swapping, live.lv, names.old);
    await rename(swapping, names.fresh, live.lv);
    if (live.active) await activate(swapping, live.lv);
    return { result: { volume: `${vg}/${live.lv}`, was: live.uuid, is: fresh.uuid } };
  },

  probe: async (context) => {
    const swapping = swappingIn(context);
    const { state } = await patiently(context, () => stateOf(swapping, context.run, context.signal));
    const done = state === 'swapped' || state === 'settled';
    return { answer: done ? 'done' : 'not done', evidence: `by the UUIDs of the volumes, the swap is ${state}` };
  },

  undo: (context) => patiently(context, () => swapBack(context, swappingIn(context))),
};

async function swapBack(context: StepContext, swapping: Swapping): Promise<void> {
  const { names, vg } = swapping;
  const live = liveOf(swapping);
  const { state } = await stateOf(swapping, context.run, context.signal);
  if (state === 'untouched' || state === 'settled') return;
  if (state === 'odd')
    throw gone(
      `${vg}/${live.lv}`,
      `it is neither the volume of before (UUID ${live.uuid}) nor what this restore brought: somebody else has renamed it`,
    );
  if (state === 'swapped') {
    await atRest(context, swapping, live.lv, untilDetached);
    await rename(swapping, live.lv, names.fresh);
  }
  await rename(swapping, names.old, live.lv);
}
