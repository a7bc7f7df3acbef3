// Which restore points of one group stay and which go, and why. The selection is that of Proxmox Backup Server (facts:
// pbs-prune-and-calendar A), so that one policy means the same everywhere; two things are added: a point can be held, and
// the last good one can be kept whatever the rules say.
import { epochSeconds, type Instant } from './instant.ts';
import { type Keep, normaliseKeep } from './retention.ts';
import { type Candidate, type Limit, runPasses } from './retention-passes.ts';
import { becauseOfMark, type RetentionReason } from './retention-reasons.ts';
import { type RetentionRule, retentionRules } from './retention-rules.ts';
import type { TimeZone } from './time-zone.ts';
import { wallSecondsAt } from './time-zone-wall.ts';

export type RetentionPoint = Readonly<{
  id: string;
  takenAt: Instant;
  /** complete, as its store says it */
  finished: boolean;
  protected?: boolean | undefined;
  /** why it has to stay for now */
  held?: string | undefined;
  /** why nobody could restore from it, as far as is known: a failed verification, an empty source */
  bad?: string | undefined;
}>;

export type RetentionVerdict<Point extends RetentionPoint = RetentionPoint> = Readonly<{ point: Point }> &
  RetentionReason;

export type RetentionOptions = Readonly<{
  /** also keeps the newest point that is finished and not bad */
  lastGood?: boolean;
}>;

/**
 * Newest first, one verdict for each point. The points are those of one group; the zone is that of the server whose rules
 * these are, since its midnight parts the days. Without a rule everything is kept.
 */
export function decideRetention<Point extends RetentionPoint>(
  points: readonly Point[],
  keep: Keep,
  zone: TimeZone,
  options: RetentionOptions = {},
): readonly RetentionVerdict<Point>[] {
  const traced = [...points].sort(byAge).map((point) => ({ point, candidate: candidateFor(point, zone) }));
  const passes = runPasses(
    traced.map(({ candidate }) => candidate),
    limitsOf(keep),
  );
  const lastGood = options.lastGood === true ? traced.find(({ point }) => isGood(point))?.point : undefined;
  return traced.map(({ point, candidate }) => {
    const ruled = passes.length === 0 ? keptWithoutRules : becauseOfMark(candidate, passes);
    const reason = exemption(point) ?? ruled;
    return { point, ...(point === lastGood && reason.verdict === 'remove' ? keptAsLastGood : reason) };
  });
}

const isGood = ({ finished, bad }: RetentionPoint): boolean => finished && bad === undefined;

const byAge = (one: RetentionPoint, other: RetentionPoint): number =>
  one.takenAt === other.takenAt ? compare(other.id, one.id) : compare(other.takenAt, one.takenAt);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function limitsOf(keep: Keep): readonly Limit[] {
  const set = normaliseKeep(keep);
  const limitOf = (rule: RetentionRule): number => set[`keep_${rule}`] ?? 0;
  return retentionRules.flatMap((rule) => (limitOf(rule) > 0 ? [{ rule, limit: limitOf(rule) }] : []));
}

const candidateFor = (point: RetentionPoint, zone: TimeZone): Candidate => ({
  wallSeconds: wallSecondsAt(epochSeconds(point.takenAt), zone),
  finished: point.finished,
  exempt: exemption(point) !== undefined,
  mark: undefined,
});

function exemption(point: RetentionPoint): RetentionReason | undefined {
  if (point.protected === true) return { verdict: 'keep', rule: 'protected', because: 'kept: it is protected' };
  if (point.held === undefined) return undefined;
  return { verdict: 'keep', rule: 'held', because: `kept: it is held (${point.held})` };
}

const keptWithoutRules: RetentionReason = {
  verdict: 'keep',
  rule: 'keep-all',
  because: 'kept: no rule limits how many points stay',
};

const keptAsLastGood: RetentionReason = {
  verdict: 'keep',
  rule: 'last-good',
  because: 'kept as the last good point: every newer one is unfinished or known to be bad',
};
