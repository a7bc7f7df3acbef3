// Something is declared that no plan can bring about as it stands: a fixed field that differs, a missing credential. It stays
// as it is on the server, whatever the estate says, until somebody decides.
import type { PlanCheck } from '../contracts/check.ts';
import { finding } from '../model/finding.ts';

export const notAsDeclared: PlanCheck = {
  name: 'not-as-declared',
  judges: 'plan',
  says: 'something declared cannot be brought about as it stands',
  judge: ({ refusals, madeAt }) =>
    refusals
      .filter(({ unread }) => unread === undefined)
      .map(({ subject, code, says, remedy }) =>
        finding({
          check: 'not-as-declared',
          subject,
          severity: 'critical',
          says: `${subject} is not as declared, and applying the estate would not make it so`,
          evidence: [{ says: `${code}: ${says}`, source: 'the plan just made', at: madeAt }],
          cause: 'what is declared and what is there cannot both be; Holdfast does not choose',
          remedy,
        }),
      ),
};
