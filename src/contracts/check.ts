// What can be wrong: one pure file each, a page in docs/checks, and tests both ways. A check says which evidence it judges;
// evidence that could not be had is a finding of its own, never silence.
import type { Finding } from '../model/finding.ts';
import type { HostFacts } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import type { Instant } from '../values/instant.ts';

type CheckOf<Judges extends string, Evidence> = Readonly<{
  name: string;
  judges: Judges;
  /** one line for the list of checks */
  says: string;
  judge(evidence: Evidence, now: Instant): readonly Finding[];
}>;

/** Judges what would have to change for the estate to be as declared, just observed. */
export type PlanCheck = CheckOf<'plan', Plan>;
/** Judges one PVE or PBS host from within, without any estate. */
export type HostCheck = CheckOf<'host', HostFacts>;
export type Check = PlanCheck | HostCheck;
