// The plan of a job: a layer or a backup job, whoever starts it. `run` and the daemon share it, so that a night is no other
// thing than what a person starts by hand.
import { Fault } from './fault.ts';
import type { Task } from './holdfast.ts';
import { type BackupJob, backupJobSteps } from './layers/guest/backup-job.ts';
import { layersOf } from './layers-of-estate.ts';
import type { Estate, LayerEntry } from './model/estate.ts';
import type { Plan } from './model/plan.ts';
import type { Risk } from './model/step.ts';
import { type LayerPlanning, planOfJob, planOfRun } from './plan/layer-plan.ts';
import { timingOf } from './schedule/timetable.ts';
import type { Clock } from './values/instant.ts';
import { normaliseKeep } from './values/retention.ts';

export const planningIn = (estate: Estate, clock: Clock): LayerPlanning => ({
  estate: estate.name,
  timeZone: estate.time_zone,
  now: clock.now(),
  layers: estate.layers,
});

/** A declared retention is the standing consent to remove what it no longer keeps. */
const standingConsent = (entry: LayerEntry): Risk =>
  normaliseKeep(entry.keep).keep_all === 1 ? 'adds' : 'loses a restore point';

export type Planned = Readonly<{ plan: Plan; upTo: Risk }>;

/** Layers and backup jobs are both jobs; a name stands for one of them. */
export function planOf(estate: Estate, wanted: string, planning: LayerPlanning): Planned {
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

/** What its schedule allows a run of the job, at whatever time and by whomever it is started. */
export function limitsOf({ schedules, time_zone }: Estate, job: string): Pick<Task, 'deadline' | 'budget'> {
  const entry = schedules.find((one) => one.job === job);
  if (entry === undefined) return {};
  const { deadline, budget } = timingOf(entry, time_zone);
  return { deadline, budget };
}
