// Which restore points of one group stay and which go, and why. The selection is that of Proxmox Backup Server (facts:
// pbs-prune-and-calendar A), so that one policy means the same everywhere; two things are added: a point can be held, and
// the last good one can be kept whatever the rules say.
import { epochMilliseconds, type Instant } from './instant.ts';
import { type Keep, normaliseKeep } from './retention.ts';
import { type Candidates, isExempt, isFinished, type Limit, type Mark, runPasses } from './retention-passes.ts';
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
  const { order, wallSeconds, states, marks } = candidates;
  const passes = runPasses(candidates, limitsOf(keep));
  const lastGood = options.lastGood === true ? order.find((point) => isGood(point)) : undefined;
  const reasonOf = passes.length === 0 ? () => keptWithoutRules : reasonsAfter(passes);
  const verdicts: RetentionVerdict<Point>[] = [];
  for (let place = 0; place < order.length; place += 1) {
    const point = order[place] as Point;
    const isExempted = ((states[place] ?? 0) & isExempt) !== 0;
    const reason =
      (isExempted ? exemption(point) : undefined) ?? reasonOf(marks[place], wallSeconds[place] ?? Number.NaN);
    const { verdict, rule, because } = point === lastGood && reason.verdict === 'remove' ? keptAsLastGood : reason;
    verdicts.push({ verdict, rule, because, point } as RetentionVerdict<Point>);
  }
  return verdicts;
}

/**
 * What the passes ask of a point is read in the order in which the points lie in memory, and only then put in the other: a
 * hundred thousand of them in no order cost little more than reading them.
 */
function newestFirst<Point extends RetentionPoint>(points: readonly Point[], zone: TimeZone): Ordered<Point> {
  const count = points.length;
  const times = new Float64Array(count);
  const ranks = new Uint32Array(count);
  const states = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) {
    const { takenAt, finished, protected: isProtected, held } = points[index] as Point;
    times[index] = epochMilliseconds(takenAt);
    ranks[index] = index;
    states[index] = (finished ? isFinished : 0) | (isProtected === true || held !== undefined ? isExempt : 0);
  }
  const timeOf = (index: number): number => times[index] ?? Number.NaN;
  const idOf = (index: number): string => points[index]?.id ?? '';
  ranks.sort((one, other) => timeOf(other) - timeOf(one) || compare(idOf(other), idOf(one)));
  const ordered = {
    order: [] as Point[],
    wallSeconds: new Float64Array(count),
    states: new Uint8Array(count),
    marks: [] as (Mark | undefined)[],
  };
  for (let place = 0; place < count; place += 1) {
    const index = ranks[place] ?? 0;
    ordered.order.push(points[index] as Point);
    ordered.marks.push(undefined);
    ordered.wallSeconds[place] = wallSecondsAt(Math.floor(timeOf(index) / 1000), zone);
    ordered.states[place] = states[index] ?? 0;
  }
  return ordered;
}

type Ordered<Point> = Candidates & Readonly<{ order: readonly Point[] }>;

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
