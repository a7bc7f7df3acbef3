// What each command prints with `--json`: a contract. docs/reference/json/README.md says what of it stays, and the schemas beside
// that page are made from these types (scripts/json-schemas.ts).
import type { Verdict } from '../apply/outcome.ts';
import type { Problem } from '../estate/problem.ts';
import type { FaultRecord } from '../fault.ts';
import type { Finding } from '../model/finding.ts';
import type { HostFacts } from '../model/host.ts';
import type { Plan, Refusal } from '../model/plan.ts';
import type { PointId, RestorePoint } from '../model/restore-point.ts';
import type { Entry, Run, RunId } from '../model/run.ts';
import type { StoragesNow } from '../observed/storages-now.ts';
import type { Digest } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';

export type ValidateAnswer = Readonly<{
  valid: true;
  /** its name */
  estate: string;
  /** absolute */
  file: string;
  digest: Digest;
  /** how many there are, by section of the file */
  declared: Readonly<Record<string, number>>;
}>;

export type PlanAnswer = Plan;

/** How a run went that this command carried out; `plan` is the digest of its plan. */
export type Carried = Verdict & Readonly<{ plan: Digest; run: RunId }>;

/** The plan where nothing was done (`--dry-run`, or there was nothing to do), else how its run went. */
export type ApplyAnswer = Plan | (Carried & Readonly<{ refusals: readonly Refusal[] }>);
/** The plan where nothing was done (`--dry-run`, or there was nothing to do), else how its run went. */
export type RunAnswer = Plan | Carried;

/** What is there, and the plan that would make it as declared. */
export type StatusAnswer = StoragesNow & Readonly<{ plan: Plan }>;

/** The newest first. */
export type RunsAnswer = readonly (Run &
  Readonly<{
    /** nobody owns it any more: the next command that writes gives back what it took */
    recoveryDue: boolean;
  }>)[];

export type LogAnswer = Readonly<{
  run: Run;
  plan: Plan | undefined;
  /** in the order in which they were written */
  entries: readonly Entry[];
}>;

/** The run as it stands when the command ends. */
export type CancelAnswer = Run;

type PointOfLayer = RestorePoint &
  Readonly<{
    /** its name in the estate */
    layer: string;
    workload: string;
  }>;
export type PointsAnswer = readonly (PointOfLayer & Readonly<{ readAt: Instant }>)[];

export type WayBack = Readonly<{
  point: RestorePoint;
  /** why it stands where it stands among the others */
  because: string;
  /** its name in the estate */
  layer: string;
}>;
/** Without `--to`: the ways back, the best first. Else the plan where nothing was done, else how its run went. */
export type RestoreAnswer =
  | readonly WayBack[]
  | Plan
  | (Carried &
      Readonly<{
        point: PointId;
        /** absolute */
        target: string;
      }>);

/** With an estate: the digest of the plan that was judged. Without one: what was read of the host. */
export type Judged = Readonly<{ plan: Digest }> | Readonly<{ host: HostFacts }>;
export type DoctorAnswer = Judged &
  Readonly<{
    at: Instant;
    /** the worst first */
    findings: readonly Finding[];
  }>;

/** Printed when it ends. */
export type LabAnswer = Readonly<{ dir: string; servers: readonly string[] }>;

/** What any command prints when it cannot answer. An invalid estate or guard file also lists its problems. */
export type FaultAnswer = Readonly<{ fault: FaultRecord & Readonly<{ problems?: readonly Problem[] }> }>;

/** By command; each has its schema. */
export type Answers = Readonly<{
  validate: ValidateAnswer;
  plan: PlanAnswer;
  apply: ApplyAnswer;
  status: StatusAnswer;
  run: RunAnswer;
  runs: RunsAnswer;
  log: LogAnswer;
  cancel: CancelAnswer;
  points: PointsAnswer;
  restore: RestoreAnswer;
  doctor: DoctorAnswer;
  lab: LabAnswer;
}>;
