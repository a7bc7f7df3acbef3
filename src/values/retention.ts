// How long restore points are kept: what an estate says (`keep_daily: 7`), and the decision which point goes, with a reason
// for each. The selection is that of Proxmox Backup Server (facts: pbs-prune-and-calendar A), so that one policy means one
// thing everywhere; holding a point and never losing the last good one are added on top.
import { z } from 'zod';
import { epochSeconds, type Instant } from './instant.ts';
import { type Candidate, type Limit, type Mark, markUnfinished, type Pass, runPass } from './retention-passes.ts';
import { type RetentionRule, retentionRules, stretches } from './retention-rules.ts';
import type { TimeZone } from './time-zone.ts';
import { wallSecondsAt } from './time-zone-wall.ts';

export type KeepName = `keep_${RetentionRule}`;
export const keepNames = retentionRules.map((rule): KeepName => `keep_${rule}`);

/** As the estate spells it. `keep_all: 1`, all zero and nothing at all mean the same: every point stays. */
export type Keep = Readonly<Partial<Record<KeepName | 'keep_all', number | undefined>>>;

const number = z
  .int({ error: 'is a whole number of points, such as 7' })
  .min(0, { error: 'cannot be below 0' })
  .optional();

export const keepSchema = z
  .strictObject({
    keep_last: number,
    keep_hourly: number,
    keep_daily: number,
    keep_weekly: number,
    keep_monthly: number,
    keep_yearly: number,
    keep_all: z
      .int({ error: 'is 1 (keep every point) or 0' })
      .min(0, { error: 'is 1 (keep every point) or 0' })
      .max(1, { error: 'is 1 (keep every point) or 0' })
      .optional(),
  })
  .superRefine((keep, context) => {
    const others = keepNames.filter((name) => (keep[name] ?? 0) > 0);
    if (keep.keep_all !== 1 || others.length === 0) return;
    const message = `keeps every point, so it cannot stand beside ${others.join(' and ')}`;
    context.addIssue({ code: 'custom', path: ['keep_all'], message });
  });

/** One spelling for one policy: without zeros, in the order of the rules, and `keep_all: 1` where no rule is left. */
export function normaliseKeep(keep: Keep): Keep {
  const set = keepNames.flatMap((name) => ((keep[name] ?? 0) > 0 ? [[name, keep[name]] as const] : []));
  return (keep.keep_all ?? 0) > 0 || set.length === 0 ? { keep_all: 1 } : Object.fromEntries(set);
}

export type RetentionPoint = Readonly<{
  id: string;
  takenAt: Instant;
  /** complete, as its store says it */
  finished: boolean;
  protected?: boolean | undefined;
  /** why it must stay for now */
  held?: string | undefined;
  /** why it would not serve to restore from (a failed verification, an empty source) */
  bad?: string | undefined;
}>;

export type KeepReason = RetentionRule | 'protected' | 'held' | 'unfinished-newest' | 'keep-all' | 'last-good';
export type RemoveReason = RetentionRule | 'unfinished' | 'unclaimed';

export type RetentionVerdict<Point extends RetentionPoint = RetentionPoint> =
  | Readonly<{ point: Point; verdict: 'keep'; rule: KeepReason; because: string }>
  | Readonly<{ point: Point; verdict: 'remove'; rule: RemoveReason; because: string }>;

export type RetentionOptions = Readonly<{
  /** keeps the newest finished point that is not bad, whatever the rules say */
  lastGood?: boolean;
}>;
