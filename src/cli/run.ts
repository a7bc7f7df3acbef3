// `run`: one layer or backup job, now. What its retention then removes was agreed to by declaring it; anything beyond needs --confirm.
import { limitsOf, planningIn, planOf } from '../job-plan.ts';
import { carryOut } from '../pipeline.ts';
import { planAsText } from '../plan/plan-text.ts';
import type { RunAnswer } from './answers.ts';
import { type Command, flag, optionList } from './command.ts';
import { misused, open, openToWrite } from './open.ts';
import { exitOf, telling } from './run-telling.ts';

export const run: Command<RunAnswer> = {
  name: 'run',
  says: 'run a layer now',
  run: async (invocation) => {
    const [wanted] = invocation.arguments;
    if (wanted === undefined) throw misused('run', 'it needs the name of a layer or a backup job');
    const { holdfast, estate } = await (flag(invocation, 'dryRun') ? open : openToWrite)(invocation);
    const { plan, upTo } = planOf(estate, wanted, planningIn(estate, invocation.surroundings.clock));
    const text = planAsText(plan, invocation.paint);
    if (flag(invocation, 'dryRun') || plan.steps.length === 0)
      return { exit: plan.refusals.length > 0 ? 'failed' : 'fine', value: plan, text: `${text}Nothing was done.\n` };
    invocation.say(text);
    const consent = { upTo, confirmed: optionList(invocation, 'confirm') };
    const verdict = await carryOut(
      holdfast,
      estate,
      plan,
      consent,
      telling(invocation, plan),
      limitsOf(estate, wanted),
    );
    return {
      exit: exitOf(verdict),
      value: { plan: plan.digest, ...verdict },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};
