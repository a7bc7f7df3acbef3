// Something that is wrong now: a stable identity, a subject, evidence with its source and age, a cause, a remedy.
import { digestOf } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { Ref } from '../values/ref.ts';

export type Severity = 'info' | 'warning' | 'critical';
export type Evidence = Readonly<{ says: string; source: string; at: Instant }>;

export type Finding = Readonly<{
  /** the same as long as the same thing is wrong with the same subject */
  id: string;
  check: string;
  subject: Ref;
  severity: Severity;
  says: string;
  evidence: readonly Evidence[];
  cause: string;
  remedy: string;
}>;

export const finding = (parts: Omit<Finding, 'id'>): Finding => ({
  id: digestOf([parts.check, parts.subject]).slice(0, 12),
  ...parts,
});
