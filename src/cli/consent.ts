// Agreement to a plan: by a person at the terminal, by `--yes`, and by name for what destroys. Without either, nothing is done.
import { isCancel, text } from '@clack/prompts';
import { Fault } from '../fault.ts';
import { consentNeeded } from '../guard/consent.ts';
import type { Holdfast } from '../holdfast.ts';
import type { Plan } from '../model/plan.ts';
import { flag, type Invocation, optionList } from './command.ts';

/** Returns the names that were confirmed; throws where the plan may not be carried out. */
export async function agreed(invocation: Invocation, holdfast: Holdfast, plan: Plan): Promise<readonly string[]> {
  const { terminal } = invocation.surroundings;
  const asks = terminal.input && terminal.output && !invocation.given.json;
  const confirmed = [...optionList(invocation, 'confirm')];
  let yes = flag(invocation, 'yes');
  for (;;) {
    const consent = consentNeeded(plan, holdfast.guard, { attended: true, yes, confirmed });
    if (consent.allowed) return confirmed;
    if (!asks) throw refused(plan, consent.needs);
    if (!yes) {
      // A whole word and Enter: a letter typed ahead, or a paste, must not agree to anything.
      yes = (await answer(text({ message: 'Carry this plan out? Type yes to agree' }))) === 'yes';
      if (!yes) throw declined();
      continue;
    }
    for (const need of consent.needs) {
      if (need.confirm === undefined) throw refused(plan, consent.needs);
      const typed = await answer(text({ message: `${need.says}\nType ${need.confirm} to agree` }));
      if (typed !== need.confirm) throw declined();
      confirmed.push(need.confirm);
    }
  }
}

async function answer<Value>(asked: Promise<Value | symbol>): Promise<Value> {
  const given = await asked;
  if (isCancel(given)) throw declined();
  return given as Value;
}

const declined = (): Fault =>
  new Fault('not-agreed', {
    where: 'plan',
    says: 'it was not agreed to; nothing was done',
    remedy: 'run the command again when you want it done',
    exit: 'interrupted',
  });

const refused = (plan: Plan, needs: readonly { says: string }[]): Fault =>
  new Fault('consent-missing', {
    where: `plan ${plan.digest.slice(0, 12)}`,
    says: needs.map(({ says }) => says).join('\n'),
    remedy: 'look at the plan, then say --yes (and --confirm NAME for what destroys)',
    exit: 'misused',
  });
