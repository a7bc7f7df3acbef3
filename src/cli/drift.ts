// `drift`: what is no longer as declared, in a table. It is the plan, read the other way round; nothing is written.
import type { Plan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { planEstate } from '../pipeline.ts';
import { planValue } from '../plan/plan-text.ts';
import { plainRef } from '../values/ref.ts';
import { count, shown } from '../values/text.ts';
import type { DriftAnswer } from './answers.ts';
import { type Command, flag, type Invocation } from './command.ts';
import { open, withPve } from './open.ts';
import { tableFor } from './table.ts';

export const drift: Command<DriftAnswer> = {
  name: 'drift',
  says: 'what is no longer as declared, field by field',
  run: async (invocation) => {
    const { holdfast, estate } = await open(invocation);
    invocation.show('asking the servers');
    const plan = await planEstate(holdfast, withPve(invocation, estate), { prune: false });
    const drifted = plan.steps.map(driftOf);
    const some = drifted.length > 0 && flag(invocation, 'detailedExitcode');
    return {
      exit: plan.refusals.length > 0 ? 'partly' : some ? 'changes' : 'fine',
      value: { plan: plan.digest, at: plan.madeAt, drifted, unknown: plan.refusals },
      text: textOf(invocation, plan, drifted),
    };
  },
};

type Drifted = DriftAnswer['drifted'][number];

const driftOf = ({ subject, act, changes, needs, title }: Step): Drifted => ({
  subject,
  server: needs[0]?.server ?? '',
  says: act === 'create' ? 'missing' : act === 'remove' ? 'no longer declared' : title,
  // Of what is missing every field is: that is said once.
  fields:
    act === 'create'
      ? []
      : changes.map(({ field, from, to }) => ({ field, there: from ?? null, declared: to ?? null })),
});

/** A server that is silent is said once, with how much there is on it. */
function notCompared({ refusals }: Plan): readonly string[] {
  const alike = Map.groupBy(refusals, ({ unread, subject, says }) => `${unread ?? subject} ${says}`).values();
  return [...alike].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const what =
      more.length > 0 ? `${count(more.length + 1, 'thing')} on ${first.unread}` : shown(plainRef(first.subject));
    return [`${what} could not be compared: ${shown(first.says)}\n`];
  });
}

function textOf(invocation: Invocation, plan: Plan, drifted: readonly Drifted[]): string {
  const rows = drifted.flatMap(({ subject, server, says, fields }) =>
    fields.length === 0
      ? [[server, shown(subject), says, '', '']]
      : fields.map(({ field, there, declared }) => [
          server,
          shown(subject),
          field,
          planValue(there),
          planValue(declared),
        ]),
  );
  const head = ['server', 'subject', 'differs in', 'there', 'declared'];
  return [
    rows.length === 0 ? '' : tableFor(invocation, head, rows),
    ...notCompared(plan),
    rows.length === 0
      ? `${plan.refusals.length > 0 ? 'Whatever else could be looked at' : 'Everything'} is as declared (${count(plan.unchanged, 'thing')}).\n`
      : `${count(drifted.length, 'thing')} not as declared; \`holdfast plan\` says what putting them right means.\n`,
  ].join('');
}
