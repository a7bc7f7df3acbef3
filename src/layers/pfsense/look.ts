// The step `pfsense.look`: sees that the destination is fit for secrets, and what there is already; then it is known what is due.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { givenOf } from '../common/given.ts';
import { checkDestination, checkPrivate } from '../common/points/destination.ts';
import { readPoints } from '../common/points/points.ts';
import { childPlan } from './child-plan.ts';
import { firewallIsThere } from './firewall.ts';
import { lookGiven } from './given.ts';

export const lookKind: StepKind = {
  name: 'pfsense.look',
  observe: async () => firewallIsThere,

  do: async (context: StepContext): Promise<Done> => {
    const { entry, timeZone } = givenOf(lookGiven, context.step);
    const machine = context.world.machine(entry.to_machine);
    await checkDestination(machine, entry);
    await checkPrivate(machine, entry);
    const { clock } = context.world;
    const [now, sinceBoot] = [clock.now(), clock.sinceBoot?.()];
    const { points } = await readPoints(machine, entry);
    return {
      result: { points: points.length },
      expands: childPlan({ entry, timeZone, run: context.run, now, sinceBoot, points }),
    };
  },

  probe: async () => ({ answer: 'not done', evidence: 'it only looks' }),
};
