// The steps that stop Vaultwarden before its data is replaced, and start it on what came. Without its database it would begin a new
// one: so nobody who leads back starts it while its own is put aside.
import { join } from 'node:path';
import type { StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { placesIn } from '../common/in-place/data-folder.ts';
import { startKind as startOf, stopKind as stopOf } from '../common/service/steps.ts';
import { givenIn, servingIn } from './live.ts';

const stop = stopOf('vaultwarden.stop', servingIn('no'));
const startAgain = stopOf('vaultwarden.stop', servingIn('yes'));

export const stopKind: StepKind = {
  ...stop,
  undo: async (context, fate) => {
    const { entry } = givenIn(context);
    const before = join(placesIn(entry.data, context.run).work, 'before');
    if ((await context.world.machine(entry.machine).files.info(before)) !== undefined)
      throw new Fault('service-left-at-rest', {
        where: shown(entry.data),
        says: `its own data is still put aside in ${shown(before)}, so Vaultwarden is not started`,
        remedy: 'move what lies there back to where it was, remove what is in its place, then start it by hand',
      });
    await startAgain.undo?.(context, fate);
  },
};

const start = startOf('vaultwarden.start', servingIn('yes'));

export const startKind: StepKind = {
  ...start,
  undo: async (context, fate) => startOf('vaultwarden.start', servingIn('no')).undo?.(context, fate),
};
