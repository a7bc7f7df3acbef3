// A storage on Proxmox VE is not as the estate declares it: somebody changed it there, or the estate was changed and never
// applied. Either way the next backup does not go where, or stay as long as, the estate says.
import type { PlanCheck } from '../contracts/check.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { Plan } from '../model/plan.ts';
import { classOf, type Step } from '../model/step.ts';
import { canonical } from '../values/canonical.ts';
import { partsOf } from '../values/ref.ts';

export const storageDrift: PlanCheck = {
  name: 'storage-drift',
  judges: 'plan',
  says: 'a storage on Proxmox VE differs from the estate',
  judge: (plan) => plan.steps.filter(isStorage).map((step) => drift(plan, step)),
};

const isStorage = (step: Step): boolean => step.subject.startsWith('pve-storage/');

function drift(plan: Plan, step: Step): Finding {
  const [server = '', name = ''] = partsOf(step.subject);
  const says = {
    create: `storage ${name} is declared, and ${server} does not have it`,
    update: `storage ${name} on ${server} differs from the estate: ${step.changes.map(({ field }) => field).join(', ')}`,
    replace: `storage ${name} on ${server} would have to be made anew`,
    remove: `storage ${name} on ${server} is no longer declared`,
    do: `storage ${name} on ${server} waits for something to be done`,
  }[step.act];
  return finding({
    check: 'storage-drift',
    subject: step.subject,
    severity: severityOf(step),
    says,
    evidence: step.changes.map(({ field, from, to }) => ({
      says: `${field}: ${canonical(from ?? null)} there, ${canonical(to ?? null)} in the estate`,
      source: `${server}, GET /storage`,
      at: plan.madeAt,
    })),
    cause:
      step.act === 'update'
        ? 'it was changed on the server, or the estate was changed and not applied'
        : 'it was never applied here, or it was removed on the server',
    remedy: 'look at `holdfast plan`; `holdfast apply` brings it back to the estate, or correct the estate',
  });
}

/** No backup can go to a storage that is missing or disabled; another difference can wait for the day. */
const severityOf = (step: Step): Finding['severity'] => {
  const stopped = step.changes.some(({ field, to }) => field === 'enabled' && to === true);
  if (step.act === 'create' || stopped) return 'critical';
  return classOf(step) === 'neutral' ? 'info' : 'warning';
};
