// How long restore points are kept, as an estate says it (`keep_daily: 7`). Which points that leaves is retention-decide.ts;
// how Proxmox writes it, retention-property.ts.
import * as z from 'zod';
import { type RetentionRule, retentionRules } from './retention-rules.ts';

export type KeepName = `keep_${RetentionRule}`;
export const keepNames = retentionRules.map((rule): KeepName => `keep_${rule}`);

/** Numbers of points. `keep_all: 1`, all zero and nothing at all mean the same: every point stays. */
export type Keep = Readonly<Partial<Record<KeepName | 'keep_all', number | undefined>>>;

const points = z
  .int({ error: 'is a whole number of points, such as 7' })
  .min(0, { error: 'cannot be below 0' })
  .optional();
const oneOrZero = { error: 'is 1 (keep every point) or 0' };

export const keepSchema = z
  .strictObject({
    keep_last: points,
    keep_hourly: points,
    keep_daily: points,
    keep_weekly: points,
    keep_monthly: points,
    keep_yearly: points,
    keep_all: z.int(oneOrZero).min(0, oneOrZero).max(1, oneOrZero).optional(),
  })
  .superRefine((keep, context) => {
    const message = keepProblem(keep);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['keep_all'], message });
  });

/** `keep_all` beside another rule contradicts it; Proxmox refuses it too. */
export function keepProblem(keep: Keep): string | undefined {
  const others = keepNames.filter((name) => (keep[name] ?? 0) > 0);
  if ((keep.keep_all ?? 0) === 0 || others.length === 0) return undefined;
  return `keeps every point, so it cannot stand beside ${others.join(' and ')}`;
}

/** One spelling for one policy: without zeros, in the order of the rules, and `keep_all: 1` where no rule is left. */
export function normaliseKeep(keep: Keep): Keep {
  const set = keepNames.flatMap((name) => ((keep[name] ?? 0) > 0 ? [[name, keep[name]] as const] : []));
  return (keep.keep_all ?? 0) > 0 || set.length === 0 ? { keep_all: 1 } : Object.fromEntries(set);
}

/** Keeping every point is the longest; `mixed` keeps more by one rule and less by another. */
export type KeepChange = 'longer' | 'shorter' | 'same' | 'mixed';

/**
 * What a change of policy means for points in general. It compares rule by rule and looks at no point: with weeks beside
 * months, even a longer policy can let a single point go (docs/reference/retention.md), so a preview is still due.
 */
export function compareKeep(from: Keep, to: Keep): KeepChange {
  const before = normaliseKeep(from);
  const behind = normaliseKeep(to);
  if (before.keep_all !== behind.keep_all) return behind.keep_all === 1 ? 'longer' : 'shorter';
  const less = keepNames.some((name) => (behind[name] ?? 0) < (before[name] ?? 0));
  const more = keepNames.some((name) => (behind[name] ?? 0) > (before[name] ?? 0));
  if (less) return more ? 'mixed' : 'shorter';
  return more ? 'longer' : 'same';
}
