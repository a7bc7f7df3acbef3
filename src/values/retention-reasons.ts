// Why a point stays or goes, in words an operator can check against a calendar.
import type { Mark, Pass } from './retention-passes.ts';
import { type RetentionRule, type StretchRule, stretches } from './retention-rules.ts';

export type KeepReason = RetentionRule | 'protected' | 'held' | 'unfinished-newest' | 'keep-all' | 'last-good';
/** A rule's name: it keeps a newer point of the same hour, day, week ...; `unclaimed`: no rule has a place for it. */
export type RemoveReason = StretchRule | 'unfinished' | 'unclaimed';

export type RetentionReason =
  | Readonly<{ verdict: 'keep'; rule: KeepReason; because: string }>
  | Readonly<{ verdict: 'remove'; rule: RemoveReason; because: string }>;

/** Points of the same stretch often have the same reason: it is written once, and said of each of them. */
export function reasonsAfter(
  passes: readonly Pass[],
): (mark: Mark | undefined, wallSeconds: number) => RetentionReason {
  const written = new Map<string, RetentionReason>();
  const once = (key: string, write: () => RetentionReason): RetentionReason => {
    const reason = written.get(key) ?? write();
    written.set(key, reason);
    return reason;
  };
  const unclaimed = unclaimedAfter(passes);
  return (mark, wallSeconds) => {
    switch (mark?.kind) {
      case undefined:
        return unclaimed(wallSeconds);
      case 'unfinished':
        return mark.newest ? unfinishedNewest : unfinished;
      case 'duplicate':
        return once(`${mark.rule} ${stretches[mark.rule].id(wallSeconds)}`, () => duplicate(mark.rule, wallSeconds));
      case 'kept':
        return kept(mark.rule, mark.place, mark.limit, wallSeconds);
    }
  };
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

function unclaimedAfter(passes: readonly Pass[]): (wallSeconds: number) => RetentionReason {
  const nothingCovered = unclaimed(passes, []);
  return (wallSeconds) => {
    if (!passes.some(({ covers }) => covers(wallSeconds))) return nothingCovered;
    const covering = passes.filter(({ covers }) => covers(wallSeconds));
    return unclaimed(
      passes.filter((pass) => !covering.includes(pass)),
      covering.flatMap(({ rule }) => (rule === 'last' ? [] : [stretches[rule].label(wallSeconds)])),
    );
  };
}

function unclaimed(full: readonly Pass[], covered: readonly string[]): RetentionReason {
  const parts: string[] = [];
  const places = full.map(({ rule, limit }) => `${limit} ${rule}`).join(', ');
  if (places !== '') parts.push(`newer points have the places (${places})`);
  if (covered.length > 0)
    parts.push(`${covered.join(', ')} already ${covered.length === 1 ? 'has' : 'have'} a kept point`);
  return { verdict: 'remove', rule: 'unclaimed', because: `removed: ${parts.join('; ')}` };
}
