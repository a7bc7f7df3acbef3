// `install-gate`: makes the narrow way in on a machine: an account, the gate, what sudo allows it, and three keys that can start
// nothing else. Everything is shown first, and done by a plan that leads back when a part of it fails.
import { installedBy } from '../gate-installing.ts';
import { gateSettings } from '../gate-of-estate.ts';
import { gateRemoval, gateSteps } from '../identities/gate-steps.ts';
import { publicKeys, refuseOldSudo } from '../identities/gate-tools.ts';
import { accountOf, gateThings } from '../identities/gate-wanted.ts';
import type { Estate, GateAccess } from '../model/estate.ts';
import { makePlan, type Plan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { carryOut } from '../pipeline.ts';
import { planAsText } from '../plan/plan-text.ts';
import type { InstallGateAnswer } from './answers.ts';
import { type Command, flag, type Invocation } from './command.ts';
import { agreed } from './consent.ts';
import { misused, open, openToWrite } from './open.ts';
import { exitOf, telling } from './run-telling.ts';

export const installGate: Command<InstallGateAnswer> = {
  name: 'install-gate',
  says: 'make the narrow way into a machine: an account, a gate, three keys that can do no more',
  run: async (invocation) => {
    const [name] = invocation.arguments;
    if (name === undefined) throw misused('install-gate', 'it needs the name of a machine');
    const { holdfast, estate } = await (flag(invocation, 'dryRun') ? open : openToWrite)(invocation);
    const access = gateOf(estate, name);
    const installing = installedBy(estate, name, flag(invocation, 'here'));
    invocation.show('looking at the machine');
    const plan = planOf(installing, await stepsOf(invocation, holdfast.world(installing), name, access), invocation);
    const text = planAsText(plan, invocation.paint);
    if (plan.steps.length === 0 || flag(invocation, 'dryRun'))
      return { exit: 'fine', value: plan, text: `${text}Nothing was done.\n` };
    invocation.say(text);
    const confirmed = await agreed(invocation, holdfast, plan);
    const verdict = await carryOut(holdfast, installing, plan, { upTo: 'adds', confirmed }, telling(invocation, plan));
    return {
      exit: exitOf(verdict),
      value: { plan: plan.digest, ...verdict },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

function gateOf({ machines }: Estate, name: string): GateAccess {
  const entry = machines.find((one) => one.name === name);
  const gate = entry !== undefined && 'ssh' in entry ? entry.ssh.gate : undefined;
  if (gate !== undefined) return gate;
  throw misused(
    name,
    entry === undefined ? 'the estate has no machine of that name' : 'it has no `gate`',
    'declare it: ssh: { …, gate: { observe: { file: … }, snap: { file: … }, copy: { file: … }, from: [ADDRESS] } }',
  );
}

async function stepsOf(
  invocation: Invocation,
  opened: ReturnType<Awaited<ReturnType<typeof open>>['holdfast']['world']>,
  name: string,
  access: GateAccess,
): Promise<readonly Step[]> {
  await using world = opened;
  const machine = world.machine(name);
  const settings = gateSettings(access);
  const account = accountOf(access.user);
  const about = { settings, account, from: access.from };
  if (flag(invocation, 'remove')) {
    const none = { observe: '', snap: '', copy: '' };
    return await gateRemoval(machine, gateThings({ ...about, keys: none }));
  }
  await refuseOldSudo(machine);
  // Awaited here: the machine is left when this function is.
  return await gateSteps(machine, gateThings({ ...about, keys: await publicKeys(world, access) }));
}

const planOf = (estate: Estate, steps: readonly Step[], { surroundings }: Invocation): Plan =>
  makePlan({
    ...{ estate: estate.name, job: 'install-gate', madeAt: surroundings.clock.now(), desired: estate.digest },
    ...{ observed: estate.digest, steps, notes: [], refusals: [], unchanged: 0, afterFailure: 'lead back' },
  });
