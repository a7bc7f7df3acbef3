// The one fault that asks the engine to probe: the write may have been carried out, and nobody said so.
import { Fault } from '../fault.ts';

export function outcomeUnknown(where: string, reason: unknown): Fault {
  const seen = reason instanceof Fault ? reason.says : reason instanceof Error ? reason.message : String(reason);
  return new Fault('outcome-unknown', {
    where,
    says: `it was sent, and how it ended is not known: ${seen}`,
    remedy: 'it is not sent again by itself: look at what is there now (Holdfast does so when it resumes the step)',
    cause: reason,
  });
}

export const isOutcomeUnknown = (error: unknown): error is Fault =>
  error instanceof Fault && error.code === 'outcome-unknown';
