// `run`: one layer or backup job, now. What its retention then removes was agreed to by declaring it; anything beyond needs --confirm.
import { Fault } from '../fault.ts';
import { type BackupJob, backupJobSteps } from '../layers/guest/backup-job.ts';
import type { Estate } from '../model/estate.ts';
import type { Plan } from '../model/plan.ts';
import type { Risk } from '../model/step.ts';
import { carryOut } from '../pipeline.ts';
import { type LayerPlanning, planOfJob, planOfRun } from '../plan/layer-plan.ts';
import { planAsText } from '../plan/plan-text.ts';
import type { RunAnswer } from './answers.ts';
import { type Command, flag, optionList } from './command.ts';
import { layersOf, planningIn, standingConsent } from './layers.ts';
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
    const verdict = await carryOut(holdfast, estate, plan, consent, telling(invocation, plan));
    return {
      exit: exitOf(verdict),
      value: { plan: plan.digest, ...verdict },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

type Planned = Readonly<{ plan: Plan; upTo: Risk }>;

/** Layers and backup jobs are both jobs; a name stands for one of them. */
function planOf(estate: Estate, wanted: string, planning: LayerPlanning): Planned {
  const layer = layersOf(estate).find(({ entry }) => entry.name === wanted);
  if (layer !== undefined)
    return { plan: planOfRun(planning, layer.layer, layer.entry), upTo: standingConsent(layer.entry) };
  const jobs = (estate.sections['backup_jobs'] ?? []) as readonly BackupJob[];
  // One name may stand on several servers with an entry each.
  const named = jobs.filter(({ name }) => name === wanted);
  if (named.length > 0) {
    const servers = estate.pve.map(({ name }) => name);
    const steps = named.flatMap((one) => backupJobSteps(one, servers, planning.now));
    const job = named.length === 1 ? named[0] : named;
    // Its retention is the storage's own, and PVE applies it whenever the job runs.
    return { plan: planOfJob(planning, wanted, job, steps), upTo: 'loses a restore point' };
  }
  const known = [...new Set([...estate.layers, ...jobs].map(({ name }) => name))];
  const protecting = estate.layers.filter(({ workload }) => workload === wanted).map(({ name }) => name);
  if (protecting.length > 0)
    throw new Fault('job-unknown', {
      where: wanted,
      says: `it is a workload, and layers protect it: ${protecting.join(', ')}`,
      remedy: `holdfast run ${protecting[0]}`,
      exit: 'misused',
    });
  throw new Fault('job-unknown', {
    where: wanted,
    says: 'the estate has no layer and no backup job of that name',
    remedy: known.length === 0 ? 'declare one under `layers` or `backup_jobs`' : `there are: ${known.join(', ')}`,
    exit: 'misused',
  });
}
