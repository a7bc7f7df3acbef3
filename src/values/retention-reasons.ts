// Why a point stays or goes, in words an operator can check against a calendar.
import type { Candidate, Pass } from './retention-passes.ts';
import { type RetentionRule, type StretchRule, stretches } from './retention-rules.ts';

export type KeepReason = RetentionRule | 'protected' | 'held' | 'unfinished-newest' | 'keep-all' | 'last-good';
/** A rule's name: it keeps a newer point of the same hour, day, week ...; `unclaimed`: no rule has a place for it. */
export type RemoveReason = StretchRule | 'unfinished' | 'unclaimed';

export type RetentionReason =
  | Readonly<{ verdict: 'keep'; rule: KeepReason; because: string }>
  | Readonly<{ verdict: 'remove'; rule: RemoveReason; because: string }>;

export function becauseOfMark({ mark, wallSeconds }: Candidate, passes: readonly Pass[]): RetentionReason {
  switch (mark?.kind) {
    case undefined:
      return unclaimed(wallSeconds, passes);
    case 'unfinished':
      return mark.newest ? unfinishedNewest : unfinished;
    case 'duplicate':
      return duplicate(mark.rule, wallSeconds);
    case 'kept':
      return kept(mark.rule, mark.place, mark.limit, wallSeconds);
  }
}

function kept(rule: RetentionRule, place: number, limit: number, wallSeconds: number): RetentionReason {
  const stretch = rule === 'last' ? '' : ` (${stretches[rule].label(wallSeconds)})`;
  return { verdict: 'keep', rule, because: `kept as ${rule} ${place} of ${limit}${stretch}` };
}

function duplicate(rule: StretchRule, wallSeconds: number): RetentionReason {
  const because = `removed: ${stretches[rule].label(wallSeconds)} already has a newer ${rule} point`;
  return { verdict: 'remove', rule, because };
}

const unfinishedNewest: RetentionReason = {
  verdict: 'keep',
  rule: 'unfinished-newest',
  because: 'kept: it is unfinished, but the newest of all, so it may still be being written',
};

const unfinished: RetentionReason = {
  verdict: 'remove',
  rule: 'unfinished',
  because: 'removed: it was never finished, and a newer point has been started since',
};

function unclaimed(wallSeconds: number, passes: readonly Pass[]): RetentionReason {
  const taken: string[] = [];
  const covered: string[] = [];
  for (const { rule, limit, covers } of passes) {
    if (rule !== 'last' && covers(wallSeconds)) covered.push(stretches[rule].label(wallSeconds));
    else taken.push(`${limit} ${rule}`);
  }
  const parts: string[] = [];
  if (taken.length > 0) parts.push(`newer points have the places (${taken.join(', ')})`);
  if (covered.length > 0)
    parts.push(`${covered.join(', ')} already ${covered.length === 1 ? 'has' : 'have'} a kept point`);
  return { verdict: 'remove', rule: 'unclaimed', because: `removed: ${parts.join('; ')}` };
}
