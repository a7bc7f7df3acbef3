// Something on a PVE or a PBS is not as the estate declares it: a backup job that nobody starts any more, a prune job that
// keeps less, a right that somebody gave. Storages have a check of their own, which says what it means for tonight.
import type { PlanCheck } from '../contracts/check.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { Plan } from '../model/plan.ts';
import { classOf, type Step } from '../model/step.ts';
import { canonical } from '../values/canonical.ts';
import { kindOf, partsOf } from '../values/ref.ts';

export const configurationDrift: PlanCheck = {
  name: 'configuration-drift',
  judges: 'plan',
  says: 'a job, a datastore, a login or anything else that is configured differs from the estate',
  judge: (plan) => plan.steps.filter(isJudged).map((step) => drift(plan, step)),
};

const isJudged = ({ subject, act }: Step): boolean => kindOf(subject) !== 'pve-storage' && act !== 'do';

function drift(plan: Plan, step: Step): Finding {
  const [server = '', name = ''] = partsOf(step.subject);
  const what = kindOf(step.subject)
    .replace(/^p[vb][es]-/, '')
    .replaceAll('-', ' ');
  const fields = step.changes.map(({ field }) => field).join(', ');
  const says = {
    create: `${what} ${name} is declared, and ${server} does not have it`,
    update: `${what} ${name} on ${server} differs from the estate: ${fields}`,
    replace: `${what} ${name} on ${server} would have to be made anew: ${fields}`,
    remove: `${what} ${name} on ${server} is no longer declared`,
    do: `${what} ${name} on ${server} waits for something to be done`,
  }[step.act];
  return finding({
    check: 'configuration-drift',
    subject: step.subject,
    severity: severityOf(step),
    says,
    evidence: [
      ...step.changes
        .filter(({ from }) => from !== undefined)
        .map(({ field, from, to }) => ({
          says: `${field}: ${canonical(from ?? null)} there, ${canonical(to ?? null)} in the estate`,
          source: `${server}, its configuration`,
          at: plan.madeAt,
        })),
      ...(step.means ?? []).map((means) => ({ says: means, source: 'what the plan computed', at: plan.madeAt })),
    ],
    cause:
      step.act === 'create'
        ? 'it was never applied here, or it was removed on the server'
        : 'it was changed on the server, or the estate was changed and not applied',
    remedy: 'look at `holdfast plan`; `holdfast apply` brings it back to the estate, or correct the estate',
  });
}

/** Without its job nothing is backed up tonight; a field that means nothing for what is protected can wait. */
function severityOf(step: Step): Finding['severity'] {
  const isBackupJob = kindOf(step.subject) === 'pve-backup-job';
  const stopped = step.changes.some(({ field, from, to }) => field === 'enabled' && from === false && to === true);
  if (isBackupJob && (step.act === 'create' || stopped)) return 'critical';
  return step.act !== 'create' && classOf(step) === 'neutral' ? 'info' : 'warning';
}
