// Which restore points of one group stay and which go, and why. The selection is that of Proxmox Backup Server (facts:
// pbs-prune-and-calendar A), so that one policy means the same everywhere; two things are added: a point can be held, and
// the last good one can be kept whatever the rules say.
import { epochMilliseconds, type Instant } from './instant.ts';
import { type Keep, normaliseKeep } from './retention.ts';
import { type Candidate, type Limit, runPasses } from './retention-passes.ts';
import { type RetentionReason, reasonsAfter } from './retention-reasons.ts';
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
  const candidates = newestFirst(points, zone);
  const passes = runPasses(candidates, limitsOf(keep));
  const lastGood = options.lastGood === true ? candidates.find(({ point }) => isGood(point)) : undefined;
  const reasonOf = passes.length === 0 ? () => keptWithoutRules : reasonsAfter(passes);
  return candidates.map((candidate) => {
    const { point } = candidate;
    const reason = (candidate.exempt ? exemption(point) : undefined) ?? reasonOf(candidate);
    return { ...(candidate === lastGood && reason.verdict === 'remove' ? keptAsLastGood : reason), point };
  });
}

type Traced<Point> = Candidate & Readonly<{ point: Point }>;

/**
 * Times are sorted as numbers in one block of memory, and what the passes ask of a point is read before, in the order in which
 * the points lie in memory: a hundred thousand of them in no order cost little more than reading them.
 */
function newestFirst<Point extends RetentionPoint>(points: readonly Point[], zone: TimeZone): readonly Traced<Point>[] {
  const times = new Float64Array(points.length);
  const order = new Uint32Array(points.length);
  const flags = new Uint8Array(points.length);
  for (const [index, { takenAt, finished, protected: isProtected, held }] of points.entries()) {
    times[index] = epochMilliseconds(takenAt);
    order[index] = index;
    flags[index] = (finished ? finishedFlag : 0) | (isProtected === true || held !== undefined ? exemptFlag : 0);
  }
  const timeOf = (index: number): number => times[index] ?? Number.NaN;
  const idOf = (index: number): string => points[index]?.id ?? '';
  order.sort((one, other) => timeOf(other) - timeOf(one) || compare(idOf(other), idOf(one)));
  const list: Traced<Point>[] = [];
  for (const index of order) {
    const point = points[index];
    if (point !== undefined) list.push(traced(point, timeOf(index), flags[index] ?? 0, zone));
  }
  return list;
}

const finishedFlag = 1;
const exemptFlag = 2;

const traced = <Point>(point: Point, time: number, flags: number, zone: TimeZone): Traced<Point> => ({
  point,
  wallSeconds: wallSecondsAt(Math.floor(time / 1000), zone),
  finished: (flags & finishedFlag) !== 0,
  exempt: (flags & exemptFlag) !== 0,
  mark: undefined,
});

const isGood = ({ finished, bad }: RetentionPoint): boolean => finished && bad === undefined;

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function limitsOf(keep: Keep): readonly Limit[] {
  const set = normaliseKeep(keep);
  const limitOf = (rule: RetentionRule): number => set[`keep_${rule}`] ?? 0;
  return retentionRules.flatMap((rule) => (limitOf(rule) > 0 ? [{ rule, limit: limitOf(rule) }] : []));
}

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
