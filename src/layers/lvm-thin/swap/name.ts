// The step `lvm-thin.name`: a copy of a restore point gets the name that was asked for, where no volume has it.
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { absent } from '../../../model/step.ts';
import { type Swapping, swappingIn } from './given.ts';
import { activate, deactivate, rename, volumeNamed } from './lvm.ts';
import { patiently } from './patiently.ts';
import { broughtBy } from './state.ts';

const nameIn = ({ target }: Swapping): string => {
  if (target === null) throw new Error('this step was planned without a name');
  return target;
};

export const nameKind: StepKind = {
  name: 'lvm-thin.name',

  observe: async (context) => {
    const swapping = swappingIn(context);
    return (await volumeNamed(swapping, nameIn(swapping), context.signal))?.uuid ?? absent;
  },

  do: async (context) => {
    const swapping = swappingIn(context);
    const name = nameIn(swapping);
    context.take('name', name);
    await rename(swapping, swapping.names.fresh, name);
    await activate(swapping, name, context.signal);
    return { result: { volume: `${swapping.vg}/${name}` } };
  },

  probe: async (context) => {
    const found = await patiently(context, () => ours(context, swappingIn(context)));
    return found
      ? { answer: 'done', evidence: 'the copy has its name' }
      : { answer: 'not done', evidence: 'the copy has not got its name' };
  },

  undo: (context) =>
    patiently(context, async () => {
      const swapping = swappingIn(context);
      if (!(await ours(context, swapping))) return;
      const name = nameIn(swapping);
      const found = await volumeNamed(swapping, name, context.signal);
      if (found?.open === true)
        throw new Fault('volume-still-used', {
          where: `${swapping.vg}/${name}`,
          says: 'somebody has opened it already, so it stays',
          remedy: `remove it yourself when nobody needs it: lvremove ${swapping.vg}/${name}`,
        });
      if (found?.active === true) await deactivate(swapping, name, context.signal);
      await rename(swapping, name, swapping.names.fresh);
    }),
};

async function ours(context: StepContext, swapping: Swapping): Promise<boolean> {
  const found = await volumeNamed(swapping, nameIn(swapping), context.signal);
  return found?.tags.includes(broughtBy(context.run)) === true;
}
