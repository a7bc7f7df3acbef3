// What was asked for one plan, or why it is not known. Never silence.
import type { FactTypes } from '../../model/fact-types.ts';
import type { AskOf, FactName, Facts } from '../../model/facts.ts';
import type { Note } from '../../model/plan.ts';
import type { Ref } from '../../values/ref.ts';

export type Answered<Answer> = Readonly<{ answer: Answer } | { says: string }>;

export function answered<Name extends FactName>(facts: Facts, ask: AskOf<Name>): Answered<FactTypes[Name]['answer']> {
  const known = facts.of(ask);
  if (known === undefined) return { says: `${ask.server} was not asked` };
  return 'fault' in known ? { says: `${ask.server}: ${known.fault.says}` } : { answer: known.answer };
}

export const notComputed = (what: string, says: string): string => `could not be computed: ${what} (${says})`;

export const unknownNote = (subject: Ref, what: string, says: string): Note => ({
  subject,
  level: 'warning',
  says: notComputed(what, says),
});
