// A step is data: what an operator would retry (a storage entry, a volume, a database), never a file. Its kind, found by
// name, knows how to do it, how to tell whether it was done, how to give back what it took, and how to undo it.
import type { Digest, Json } from '../values/canonical.ts';
import type { Duration } from '../values/duration.ts';
import type { Ref } from '../values/ref.ts';

/** What a step may cost, mildest first. A standing consent names the worst that may happen without a person. */
export const risks = ['none', 'adds', 'changes', 'interrupts', 'loses a restore point', 'destroys'] as const;
export type Risk = (typeof risks)[number];
export const worse = (risk: Risk, than: Risk): boolean => risks.indexOf(risk) > risks.indexOf(than);

/** What a change means for what is protected, mildest first (threat model, table 2b). */
export const changeClasses = ['strengthens', 'neutral', 'weakens', 'reaches', 'destroys'] as const;
export type ChangeClass = (typeof changeClasses)[number];

/** Whose rights a step needs on a server (threat model 3.1). */
export const identities = ['observe', 'configure', 'run', 'drill', 'prune'] as const;
export type Identity = (typeof identities)[number];

export type Act = 'create' | 'update' | 'replace' | 'remove' | 'do';

/** One field that changes; `from` and `to` are as the estate spells them, secrets as their name. */
export type Change = Readonly<{ field: string; from?: Json; to?: Json; class: ChangeClass; because?: string }>;

/** An observed fact the step relies on. It is read again just before the step, and must then have the same digest. */
export type Expectation = Readonly<{ subject: Ref; says: string; digest: Digest }>;

/** The digest of an expectation that a thing does not exist. */
export const absent: Digest = 'absent';

export type StepId = string;
export type Step = Readonly<{
  /** unique within its plan, and the same each time the same plan is made */
  id: StepId;
  kind: string;
  subject: Ref;
  act: Act;
  /** one line for people: `create storage pbs-pihanga on ruapehu` */
  title: string;
  because: readonly string[];
  /** what it leads to beyond its own fields: backups that become prunable, a guest that nothing covers any more */
  means?: readonly string[];
  changes: readonly Change[];
  after: readonly StepId[];
  /** what may not be done at the same time, in any run on this machine: a server's config file, a disk, a machine */
  lanes: readonly string[];
  risk: Risk;
  needs: readonly Readonly<{ server: string; identity: Identity }>[];
  expects: readonly Expectation[];
  /** what the step's kind works from; never a secret, only references */
  given: Json;
  wayBack: 'undo' | 'one-way';
  /** what it does in detail is known only while it runs: it then brings a child plan */
  expands: boolean;
  /** the step is given up when it has shown no progress for this long */
  patience: Duration;
}>;

/**
 * The worst class among a step's changes; a step without changes is judged by its risk alone. A changed configuration that
 * costs restore points weakens, whatever its fields mean by themselves; what a run costs is agreed to by its standing consent.
 */
export function classOf(step: Step): ChangeClass {
  const classes = step.changes.map((change) => change.class);
  if (step.risk === 'loses a restore point' && step.act !== 'do') classes.push('weakens');
  if (step.risk === 'destroys' || step.act === 'remove') classes.push('destroys');
  return changeClasses.findLast((candidate) => classes.includes(candidate)) ?? 'neutral';
}
