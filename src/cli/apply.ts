// `apply`: carries out a plan that was agreed to; one just made, or one from a file that somebody looked at.
import { resolve } from 'node:path';
import { desire } from '../desired/desire.ts';
import { asFault, Fault } from '../fault.ts';
import type { Holdfast } from '../holdfast.ts';
import { kinds } from '../kinds.ts';
import { localMachine } from '../machines/local.ts';
import type { Estate } from '../model/estate.ts';
import { isWhole, type Plan, shortDigest } from '../model/plan.ts';
import { carryOut, planEstate } from '../pipeline.ts';
import { planAsText } from '../plan/plan-text.ts';
import type { Surroundings } from '../surroundings.ts';
import { validateEstate } from '../validate-estate.ts';
import { judgeFirst, touchedBy, validationFailed } from '../validate-first.ts';
import { formatDuration } from '../values/duration.ts';
import { between } from '../values/instant.ts';
import type { ApplyAnswer } from './answers.ts';
import { type Answer, type Command, flag, type Invocation } from './command.ts';
import { agreed } from './consent.ts';
import { open, openToWrite, withPve } from './open.ts';
import { planExit } from './plan-exit.ts';
import { exitOf, telling } from './run-telling.ts';

export const apply: Command<ApplyAnswer> = {
  name: 'apply',
  says: 'carry a plan out',
  run: async (invocation) => {
    const { holdfast, estate: read } = await (flag(invocation, 'dryRun') ? open : openToWrite)(invocation);
    const estate = withPve(invocation, read);
    const [file] = invocation.arguments;
    invocation.show('asking the servers');
    const plan =
      file === undefined
        ? await planEstate(holdfast, estate, { prune: flag(invocation, 'prune') })
        : await planFrom(invocation, estate, file);
    if (flag(invocation, 'dryRun')) return shown(invocation, plan, 'Dry run: nothing was done.');
    if (plan.steps.length === 0) return shown(invocation, plan, 'Nothing was done.');
    invocation.say(planAsText(plan, invocation.paint));
    await validateFirst(invocation, holdfast, estate, plan);
    const confirmed = await agreed(invocation, holdfast, plan);
    const verdict = await carryOut(holdfast, estate, plan, { upTo: 'destroys', confirmed }, telling(invocation, plan));
    const exit = exitOf(verdict);
    return {
      exit: exit === 'fine' && plan.refusals.length > 0 ? 'partly' : exit,
      value: { plan: plan.digest, ...verdict, refusals: plan.refusals },
      text: `Run ${verdict.run} of plan ${shortDigest(plan.digest)}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

async function validateFirst(invocation: Invocation, holdfast: Holdfast, estate: Estate, plan: Plan): Promise<void> {
  if (flag(invocation, 'skipValidation'))
    return invocation.say('Validation was skipped: no certificate, login or right was looked at beforehand.');
  invocation.show('looking at what the plan touches');
  const { stops, warnings } = judgeFirst(plan, await validateEstate(holdfast, estate, { only: touchedBy(plan) }));
  for (const warning of warnings) invocation.say(`${invocation.paint.warning('warning')}  ${warning}`);
  if (stops.length > 0) throw validationFailed(stops);
}

const shown = (invocation: Invocation, plan: Plan, says: string): Answer<ApplyAnswer> => ({
  exit: planExit(plan),
  value: plan,
  text: `${planAsText(plan, invocation.paint)}${says}\n`,
});

async function planFrom(invocation: Invocation, estate: Estate, file: string): Promise<Plan> {
  const plan = await parsed(invocation.surroundings, resolve(invocation.surroundings.folder, file));
  const spoilt = (code: string, says: string): Fault =>
    new Fault(code, {
      where: file,
      says,
      remedy: 'make a new plan with `holdfast plan --out`, and look at it',
      exit: 'invalid',
    });
  if (!isWhole(plan)) throw spoilt('plan-altered', 'it is no longer the plan that its digest names');
  if (plan.estate !== estate.name || plan.desired !== desire(estate, kinds.resources).digest)
    throw spoilt('plan-of-another-estate', 'the estate has changed since this plan was made, or it is another one');
  const age = between(plan.madeAt, invocation.surroundings.clock.now());
  // Written so that a time that is none does not pass for a young one.
  if (!(age >= 0 && age <= estate.approval_expires))
    throw spoilt(
      'plan-expired',
      `it was made at ${plan.madeAt}; a plan may be applied for ${formatDuration(estate.approval_expires)}`,
    );
  return plan;
}

async function parsed({ clock }: Surroundings, file: string): Promise<Plan> {
  // As every file from outside: no device, no pipe, no more than a plan can be.
  const { files } = localMachine({ name: 'this machine', clock });
  try {
    const content = await files.read(file, mostBytes);
    if (content === undefined) throw unreadable(file, 'there is no such file');
    const plan = JSON.parse(Buffer.from(content).toString()) as Partial<Plan> | null;
    if (plan?.format === 1 && Array.isArray(plan.steps) && typeof plan.digest === 'string') return plan as Plan;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw asFault(error, file);
  }
  throw unreadable(file, 'it is no plan that this Holdfast can read');
}

const mostBytes = 64 * 1024 * 1024;

const unreadable = (file: string, says: string): Fault =>
  new Fault('plan-unreadable', {
    where: file,
    says,
    remedy: 'make one with `holdfast plan --out FILE`',
    exit: 'invalid',
  });
