// `plan`: shows what would change, and why. It writes nothing, neither to a server nor to the state.
import { resolve } from 'node:path';
import { localMachine } from '../machines/local.ts';
import { planEstate } from '../pipeline.ts';
import { planAsText } from '../plan/plan-text.ts';
import type { PlanAnswer } from './answers.ts';
import { type Command, flag, optionText } from './command.ts';
import { open, withPve } from './open.ts';

export const plan: Command<PlanAnswer> = {
  name: 'plan',
  says: 'show what would change, and why',
  run: async (invocation) => {
    const { clock, folder } = invocation.surroundings;
    const { holdfast, estate } = await open(invocation);
    invocation.show('asking the servers');
    const made = await planEstate(holdfast, withPve(invocation, estate), { prune: flag(invocation, 'prune') });
    const file = optionText(invocation, 'out');
    if (file !== undefined)
      await localMachine({ name: 'this machine', clock }).files.write(
        resolve(folder, file),
        `${JSON.stringify(made, null, 2)}\n`,
        0o600,
      );
    const saved =
      file === undefined ? '' : `Written to ${file}: \`holdfast apply ${file}\` carries out this plan and no other.\n`;
    const changes = made.steps.length > 0 && flag(invocation, 'detailedExitcode');
    return {
      exit: made.refusals.length > 0 ? 'failed' : changes ? 'changes' : 'fine',
      value: made,
      text: `${planAsText(made, invocation.paint)}${saved}`,
    };
  },
};
