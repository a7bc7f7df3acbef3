// What each command prints with `--json`: a contract. docs/reference/json/README.md says what of it stays, and the schemas beside
// that page are made from these types (scripts/json-schemas.ts).
import type { Verdict } from '../apply/outcome.ts';
import type { ToolOutput } from '../apply/tool-output.ts';
import type { Problem } from '../estate/problem.ts';
import type { FaultRecord } from '../fault.ts';
import type { JournalNow } from '../layers/common/changes/journals.ts';
import type { Finding } from '../model/finding.ts';
import type { HostFacts } from '../model/host.ts';
import type { JobHistory } from '../model/job-history.ts';
import type { MetricFamily } from '../model/metric.ts';
import type { Plan, Refusal } from '../model/plan.ts';
import type { PointId, RestorePoint } from '../model/restore-point.ts';
import type { Entry, Run, RunId } from '../model/run.ts';
import type { RunFact } from '../model/schedule.ts';
import type { ServersNow } from '../observed/servers-now.ts';
import type { Unseen } from '../observed/sight.ts';
import type { StoragesNow } from '../observed/storages-now.ts';
import type { Certificate } from '../proxmox/reach.ts';
import type { Routed } from '../routes/routes.ts';
import type { Target } from '../routes/targets.ts';
import type { Forecast, Usual } from '../schedule/forecast.ts';
import type { NextStart } from '../schedule/next.ts';
import type { JobState } from '../schedule/standing.ts';
import type { Follows } from '../schedule/timetable.ts';
import type { Validation } from '../validate/check.ts';
import type { Digest, Json } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { Ref } from '../values/ref.ts';

export type ValidateAnswer = Readonly<{
  /** nothing is wrong, and everything that was to be looked at could be */
  valid: boolean;
  /** its name */
  estate: string;
  /** absolute */
  file: string;
  digest: Digest;
  /** how many there are, by section of the file */
  declared: Readonly<Record<string, number>>;
  /** without `--offline`: every server and storage, with each check */
  looked?: Validation;
}>;

export type TrustAnswer = TrustedCertificate | TrustedHostKey;

/** of `trust ssh://HOST`, and of a machine's name */
export type TrustedHostKey = Readonly<{
  host: string;
  port: number;
  /** as its sshd showed them */
  keys: readonly Readonly<{ key: string; fingerprint: string }>[];
  /** every machine of the estate that is reached there */
  entries: readonly Readonly<{
    file: string;
    line: number;
    name: string | null;
    /** the key that stood there */
    from: string | null;
    change: 'pinned' | 'none';
  }>[];
  /** false with --dry-run, and where nothing changes */
  written: boolean;
}>;

export type TrustedCertificate = Readonly<{
  host: string;
  port: number;
  /** as the server showed it; its texts are the server's own */
  certificate: Certificate;
  /** every entry of the estate that names this server */
  entries: readonly Readonly<{
    file: string;
    line: number;
    section: 'pve' | 'pbs' | 'pbs_storages' | 'remotes';
    name: string | null;
    /** the fingerprint that stood there */
    from: string | null;
    change: 'pinned' | 'none' | 'stays verified by an authority';
  }>[];
  /** false with --dry-run, and where nothing changes */
  written: boolean;
}>;

export type InitAnswer = Readonly<{
  /** the estate file that was written, absolute; null where there was one already, or nothing was done */
  file: string | null;
  /** the commands that were run on this host */
  made: readonly string[];
}>;

export type ImportAnswer = Readonly<{
  /** absolute */
  file: string;
  /** how many things of each kind were written */
  written: Readonly<Record<string, number>>;
  /** collections that could not be read, and are not in the file */
  unread: readonly Readonly<{ kind: string; server: string; fault: FaultRecord }>[];
  /** what may be there and is not in the file, since the login may not see it */
  unseen: readonly Unseen[];
  /** what planning the file would change; nothing, unless something cannot be written as it is */
  wouldChange: readonly string[];
}>;

/** What differs from the estate, field by field. */
export type DriftAnswer = Readonly<{
  plan: Digest;
  at: Instant;
  drifted: readonly Readonly<{
    subject: Ref;
    server: string;
    says: string;
    fields: readonly Readonly<{ field: string; there: Json; declared: Json }>[];
  }>[];
  /** could not be compared */
  unknown: readonly Refusal[];
}>;

export type PlanAnswer = Plan;

/** How a run went that this command carried out; `plan` is the digest of its plan. */
export type Carried = Verdict & Readonly<{ plan: Digest; run: RunId }>;

/** The plan where nothing was done (`--dry-run`, or there was nothing to do), else how its run went. */
export type ApplyAnswer = Plan | (Carried & Readonly<{ refusals: readonly Refusal[] }>);
/** The plan where nothing was done (`--dry-run`, or there was nothing to do), else how its run went. */
export type RunAnswer = Plan | Carried;

/** What is there, and the plan that would make it as declared. */
export type StatusAnswer = StoragesNow & Readonly<{ servers: ServersNow; plan: Plan }>;

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
  /** what steps logged and tools printed, its end; absent where they said nothing, or it is so old that it has gone */
  output: ToolOutput | undefined;
}>;

export type JobAnswer = Readonly<{
  /** the name of its layer */
  job: string;
  /** `pending`: its first run is not due yet. `overdue`: it was due, and nothing started it. Else as its last run ended */
  state: JobState;
  /** what it waits for, or what is not as it should be */
  why: string | undefined;
  schedule: string | undefined;
  zone: string | undefined;
  after: readonly Follows[];
  next: NextStart | undefined;
  last: RunFact | undefined;
  /** the last that was done, or only degraded */
  lastGood: RunFact | undefined;
  /** how long its last runs took */
  usual: Usual | undefined;
  window: Forecast | undefined;
  /** starts that nothing watched for, the newest first */
  missed: readonly Readonly<{
    at: Instant;
    from: Instant;
    until: Instant;
    count: number;
    madeUp: boolean;
    says: string;
  }>[];
  /** jobs that want the same disk or machine at that time: one of the two will wait */
  meets: readonly Readonly<{ job: string; lanes: readonly string[]; at: Instant; until: Instant }>[];
}>;
export type JobsAnswer = Readonly<{
  at: Instant;
  /** whether a daemon watches the schedules; left out where this user cannot see that */
  watched: boolean | undefined;
  jobs: readonly JobAnswer[];
}>;

/** Printed when it ends. */
export type ServeAnswer = Readonly<{
  since: Instant;
  until: Instant;
  /** how many runs it started */
  started: number;
}>;

export type InstallServiceAnswer = Readonly<{
  plan: Plan;
  /** the unit as it is to be; left out where it is removed */
  unit: string | undefined;
  /** left out with --dry-run, and where there was nothing to do */
  run: (Verdict & Readonly<{ run: RunId }>) | undefined;
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

/** The plan where nothing was done (`--dry-run`, or everything is there), else how its run went. */
export type InstallGateAnswer = Plan | Carried;

/** Every source with its copies, and what is to be said of that. */
export type RoutesAnswer = Routed & Readonly<{ at: Instant; targets: readonly Target[] }>;

/** What the journal knows of each job, and everything that Prometheus is given. */
export type MetricsAnswer = Readonly<{
  at: Instant;
  /** what each job was to do against what it did, with what is missing */
  jobs: readonly JobHistory[];
  families: readonly MetricFamily[];
}>;

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
        /** a folder, absolute; of a volume `live`, or its VG/NAME */
        target: string;
        /** the file or folder of `--only` */
        only?: string;
      }>);

export type CanariesStatus = Readonly<{
  layer: string;
  /** below which they lie; null where none are planted */
  folder: string | null;
  canaries: readonly Readonly<{ path: string; state: 'same' | 'none' | 'other' }>[];
}>;
/** Of `status` what became of each; else the plan where nothing was done, or how its run went. */
export type CanariesAnswer = CanariesStatus | Plan | Carried;

/** With an estate: the digest of the plan that was judged. Without one: what was read of the host. */
export type Judged = Readonly<{ plan: Digest }> | Readonly<{ host: HostFacts }>;
export type DoctorAnswer = Judged &
  Readonly<{
    at: Instant;
    /** the worst first */
    findings: readonly Finding[];
  }>;

/** `track status`; `track unit`; else what was followed, printed when it ends. */
export type TrackAnswer =
  | Readonly<{ journals: readonly JournalNow[] }>
  | Readonly<{ unit: string }>
  | Readonly<{ since: Instant; until: Instant; folders: readonly Readonly<{ folder: string; journal: string }>[] }>;

/** Printed when it ends. */
export type LabAnswer = Readonly<{ dir: string; servers: readonly string[] }>;

/** What any command prints when it cannot answer. An invalid estate or guard file also lists its problems. */
export type FaultAnswer = Readonly<{ fault: FaultRecord & Readonly<{ problems?: readonly Problem[] }> }>;

/** By command; each has its schema. */
export type Answers = Readonly<{
  validate: ValidateAnswer;
  trust: TrustAnswer;
  init: InitAnswer;
  import: ImportAnswer;
  plan: PlanAnswer;
  drift: DriftAnswer;
  apply: ApplyAnswer;
  status: StatusAnswer;
  run: RunAnswer;
  jobs: JobsAnswer;
  serve: ServeAnswer;
  'install-service': InstallServiceAnswer;
  runs: RunsAnswer;
  log: LogAnswer;
  cancel: CancelAnswer;
  points: PointsAnswer;
  routes: RoutesAnswer;
  metrics: MetricsAnswer;
  'install-gate': InstallGateAnswer;
  restore: RestoreAnswer;
  canaries: CanariesAnswer;
  doctor: DoctorAnswer;
  lab: LabAnswer;
  track: TrackAnswer;
}>;
