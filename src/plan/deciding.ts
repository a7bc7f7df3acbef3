// What a plan is decided from.
import type { Desired, ResourceKind } from '../contracts/resource.ts';
import type { Observed } from '../model/observed.ts';
import type { Note } from '../model/plan.ts';
import type { SecretsNow } from '../model/secrets-now.ts';
import type { Ref } from '../values/ref.ts';
import type { SecretReference } from '../values/secret-reference.ts';

export type Deciding = Readonly<{
  estate: string;
  desired: Desired;
  observed: Observed;
  resources: readonly ResourceKind[];
  /** what Holdfast made or took over */
  owned: ReadonlySet<Ref>;
  /** servers that are asked by a command on this machine: a secret would be an argument there, which every process can read */
  byCommand: ReadonlySet<string>;
  /** of things that have secrets */
  secrets: ReadonlyMap<Ref, SecretsNow>;
  /** where encryption keys are kept, beside where the things themselves declare them */
  escrow: readonly SecretReference[];
  /** what to say beside what is decided */
  notes: readonly Note[];
  /** `--prune`: remove what is ours and no longer declared */
  prune: boolean;
}>;
