// What a step is given, as it stands in the plan. A plan can come from a file, so it is parsed like anything from outside.
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import type { Step } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';

export function givenOf<Given>(schema: z.ZodType<Given>, step: Step): Given {
  const parsed = schema.safeParse(step.given);
  if (parsed.success) return parsed.data;
  throw new Fault('step-crooked', {
    where: step.id,
    says: z.prettifyError(parsed.error),
    remedy: 'make a new plan: this one was made by another version, or was changed',
  });
}

/** A value as a plan holds it: what is undefined is not there. */
export const asGiven = (value: Readonly<Record<string, unknown>>): Json => JSON.parse(JSON.stringify(value));
