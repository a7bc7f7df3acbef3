// What `apply` looks at before it changes anything. Only what is wrong with something the plan touches stops it: a certificate
// that is another one, a login that is not taken, a right that is missing. What is merely down is the business of its own steps.
import { Fault } from './fault.ts';
import type { Plan } from './model/plan.ts';
import type { Step } from './model/step.ts';
import type { Check, Looked, Validation } from './validate/check.ts';
import { kindOf, partsOf } from './values/ref.ts';
import { shown } from './values/text.ts';

export type Touched = Readonly<{ servers: ReadonlySet<string>; storages: ReadonlySet<string> }>;

export const touchedBy = ({ steps }: Plan): Touched => ({
  servers: new Set(steps.flatMap(({ needs }) => needs.map(({ server }) => server))),
  storages: new Set(steps.filter(writesStorage).flatMap(({ subject }) => partsOf(subject).slice(1, 2))),
});

const writesStorage = ({ subject, act }: Step): boolean => kindOf(subject) === 'pve-storage' && act !== 'remove';

export type First = Readonly<{ stops: readonly string[]; warnings: readonly string[] }>;

/** In words, with what to do. */
export function judgeFirst(plan: Plan, { servers, storages }: Validation): First {
  const all = [...servers, ...storages].flatMap((looked) => looked.checks.map((check) => ({ looked, check })));
  const bad = all.filter(({ check: { state } }) => state === 'wrong' || state === 'unreachable');
  const [stops, warnings] = [true, false].map((stopping) =>
    bad
      .filter(({ looked, check }) => doesStop(plan, looked, check) === stopping)
      .map(({ looked, check }) => inWords(looked, check)),
  );
  return { stops: stops ?? [], warnings: warnings ?? [] };
}

function doesStop(plan: Plan, looked: Looked, check: Check): boolean {
  if (check.state !== 'wrong') return false;
  if (check.check === 'certificate' || check.check === 'cluster') return true;
  // A login, a right or a datastore that this very plan makes cannot be there before it.
  if (looked.kind === 'storage')
    return check.from === undefined && !plan.steps.some((step) => makesWayOn(step, looked.leadsTo));
  if (check.check === 'login') return check.identities?.includes('configure') ?? true;
  const { privileges } = check;
  if (privileges === undefined || !privileges.identities.includes('configure')) return false;
  const kinds = plan.steps
    .filter(({ needs }) => needs.some(({ server }) => server === looked.name))
    .map(({ subject }) => kindOf(subject));
  return privileges.kinds.some((kind) => kinds.includes(kind));
}

const makesWayOn = ({ subject }: Step, pbs: string | undefined): boolean =>
  ['pbs-datastore', 'pbs-namespace', 'pbs-user', 'pbs-token', 'pbs-acl'].includes(kindOf(subject)) &&
  partsOf(subject)[0] === pbs;

const inWords = ({ name }: Looked, { check, from, seen, remedy }: Check): string =>
  `${shown(`${name}, ${check}${from === undefined ? '' : ` from ${from}`}: ${seen}`)}${remedy === undefined ? '' : `\n  do this: ${shown(remedy)}`}`;

export const validationFailed = (stops: readonly string[]): Fault =>
  new Fault('validation-failed', {
    where: 'what the plan touches',
    says: `${stops.join('\n')}\nnothing was changed`,
    remedy: 'mend it, or say --skip-validation if you know that it is right from where it is used',
  });
