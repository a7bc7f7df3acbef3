// A plan is frozen data with an identity. Everything Holdfast does is one: a changed prune job, tonight's copy, a restore.
import { type Digest, digestOf } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { Ref } from '../values/ref.ts';
import type { ItemResults } from './item-results.ts';
import type { Step } from './step.ts';

/** What an operator should know beside the steps: a consequence, a foreign thing that is left alone. */
export type Note = Readonly<{ subject: Ref; level: 'info' | 'warning'; says: string }>;

/** Something declared that cannot be carried out as it stands; the rest of the plan goes on without it. */
export type Refusal = Readonly<{
  subject: Ref;
  code: string;
  says: string;
  remedy: string;
  /** the server that could not be asked, where nothing is known to be wrong with what is declared */
  unread?: string;
}>;

/** What the plan is for. Two runs of one job never overlap: `apply`, `run:photos`, `restore:photos`. */
export type Job = string;

/**
 * `lead back`: any failure undoes what was done (a restore). `keep`: what is done stays (a configuration). `alone`: the steps are
 * items of one kind (77 volumes), and one that fails makes the run degraded, not failed, as long as any of them was done.
 */
export type AfterFailure = 'keep' | 'lead back' | 'alone';

export type PlanParts = Readonly<{
  estate: string;
  job: Job;
  madeAt: Instant;
  desired: Digest;
  observed: Digest;
  steps: readonly Step[];
  notes: readonly Note[];
  refusals: readonly Refusal[];
  /** how many declared things are as declared */
  unchanged: number;
  afterFailure: AfterFailure;
}>;
export type Plan = PlanParts & Readonly<{ format: 1; digest: Digest }>;

/** The identity: what was desired, what was observed, and the steps. When it was made does not count. */
const identityOf = (parts: PlanParts): Digest =>
  digestOf({
    estate: parts.estate,
    job: parts.job,
    desired: parts.desired,
    observed: parts.observed,
    steps: parts.steps,
    afterFailure: parts.afterFailure,
  });

export const makePlan = (parts: PlanParts): Plan => ({ format: 1, ...parts, digest: identityOf(parts) });
/** Whether a plan that came from a file is the one its digest names. */
export const isWhole = (plan: Plan): boolean => identityOf(plan) === plan.digest;
/** How people and `apply` name a plan. */
export const shortDigest = (digest: Digest): string => digest.slice(0, 12);

/** What a step brings that could only be known while it ran. It is guarded, journalled and shown before its first step. */
export type ChildPlan = Readonly<{
  because: readonly string[];
  steps: readonly Step[];
  notes: readonly Note[];
  afterFailure: AfterFailure;
  /** what the run is to do, item by item, where its steps stand for items */
  itemResults?: ItemResults;
}>;
