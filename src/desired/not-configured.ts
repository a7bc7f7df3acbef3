// What an estate declares and this Holdfast does not yet bring about by itself. It is said in every plan: a job that nobody
// starts must not look like one that runs.
import type { Estate } from '../model/estate.ts';
import type { Note } from '../model/plan.ts';
import { ref } from '../values/ref.ts';

export const notConfigured = ({ schedules }: Pick<Estate, 'schedules'>): readonly Note[] =>
  schedules.map(({ job }) => ({
    subject: ref('schedule', job),
    level: 'warning',
    says: `it is declared, and this Holdfast has no scheduler: nothing starts it but \`holdfast run ${job}\`, from a timer of yours`,
  }));
