// What shorter retention would give back, in which order: a proposal of lines to change in the estate. It removes nothing, and what it
// says is at least what comes free. First points that lie elsewhere, too, then the longest tails; never the newest of a series, never
// what is held. Pure.
import type { Instant } from '../values/instant.ts';
import { type Keep, keepNames, normaliseKeep } from '../values/retention.ts';
import type { TimeZone } from '../values/time-zone.ts';
import { keptOf, type Outlook, outlookOf, sumOf } from './outlook.ts';
import { type Amount, everyPoint, type Series, storedBytes } from './series.ts';

/** A policy of a layer on a target; a layer may have several (a firewall's archives). */
export type Policy = Readonly<{
  layer: string;
  keep: Keep;
  series: readonly Series[];
  /** layers that carry these points elsewhere */
  elsewhere: readonly string[];
}>;

export type CleanUpStep = Readonly<{
  layer: string;
  from: Keep;
  to: Keep;
  /** that go with the next run of the layer, oldest first */
  removes: readonly Readonly<{ id: string; takenAt: Instant }>[];
  /** bytes, at least */
  gives: number;
  elsewhere: readonly string[];
}>;

export type CleanUp = Readonly<{
  steps: readonly CleanUpStep[];
  /** whether everything fits to the end of the outlook once all of it is done */
  enough: boolean;
  /** bytes that are still missing at the worst moment */
  missing: number;
}>;

export type CleanUpAsked = Readonly<{ now: Instant; zone: TimeZone; horizonDays: number; free: number }>;

export function cleanUpOf(policies: readonly Policy[], asked: CleanUpAsked): CleanUp {
  const today = policies.flatMap(({ series }) => series).reduce((sum, one) => sum + storedNow(one), 0);
  let standing = policies.map((policy) => stand(policy, policy.keep, asked));
  const steps: CleanUpStep[] = [];
  const known = new Map<Standing, Cut | undefined>();
  for (;;) {
    const missing = Math.max(0, peakOf(standing, asked) - today - asked.free);
    const next = missing > 0 ? nextCut(standing, asked, known) : undefined;
    if (next === undefined) return { steps: merged(steps), enough: missing === 0, missing };
    steps.push(next.step);
    standing = standing.map((one) => (one === next.of ? next.behind : one));
  }
}

type Standing = Readonly<{ policy: Policy; keep: Keep; left: readonly Series[]; outlook: Outlook }>;

const storedNow = ({ points }: Series): number => storedBytes(points, everyPoint(points));

/** With `keep` from now on: what stays of the points, and how that goes on. */
function stand(policy: Policy, keep: Keep, asked: CleanUpAsked): Standing {
  const left = policy.series.map((one) => ({
    ...one,
    points: keepOnly(one.points, keptOf(one.points, keep, asked.zone)),
  }));
  return {
    policy,
    keep,
    left,
    outlook: sumOf(
      left.map((one) => outlookOf(one, asked, keep)),
      asked.horizonDays,
    ),
  };
}

function keepOnly(points: readonly Amount[], kept: ReadonlySet<string>): readonly Amount[] {
  const stay: Amount[] = [];
  let between = 0;
  for (const point of points) {
    between += point.added;
    if (!kept.has(point.id)) continue;
    stay.push({ ...point, added: Math.min(point.whole, between) });
    between = 0;
  }
  return stay;
}

const peakOf = (standing: readonly Standing[], { horizonDays }: CleanUpAsked): number =>
  Math.max(
    ...sumOf(
      standing.map(({ outlook }) => outlook),
      horizonDays,
    ),
  );

type Cut = Readonly<{ of: Standing; behind: Standing; step: CleanUpStep }>;

/** @param known what was found before: only the layer that was cut stands otherwise */
function nextCut(
  standing: readonly Standing[],
  asked: CleanUpAsked,
  known: Map<Standing, Cut | undefined>,
): Cut | undefined {
  for (const of of standing) if (!known.has(of)) known.set(of, cutOf(of, asked));
  const cuts = standing.flatMap((of) => known.get(of) ?? []);
  return cuts.toSorted(byOrder)[0];
}

/** What lies elsewhere, too, first; then what reaches back the farthest. */
function byOrder({ step: one, of: first }: Cut, { step: other, of: second }: Cut): number {
  const copies = Math.sign(other.elsewhere.length) - Math.sign(one.elsewhere.length);
  return copies || (oldestOf(first) < oldestOf(second) ? -1 : 1);
}
const oldestOf = ({ left }: Standing): string =>
  left.map(({ points }) => points[0]?.takenAt ?? '9').toSorted()[0] ?? '9';

/** The next shorter policy that makes a difference, now or later. */
function cutOf(of: Standing, asked: CleanUpAsked): Cut | undefined {
  const { policy, left, outlook } = of;
  for (let keep = shorter(of.keep); keep !== undefined; keep = shorter(keep)) {
    const behind = stand({ ...policy, series: left }, keep, asked);
    const gone = left.flatMap(({ points }, index) => {
      const stays = everyPoint(behind.left[index]?.points ?? []);
      return points.filter(({ id }) => !stays.has(id));
    });
    const saves = Math.max(...outlook) > Math.max(...behind.outlook);
    if (gone.length === 0 && !saves) continue;
    const removes = gone
      .map(({ id, takenAt }) => ({ id, takenAt }))
      .toSorted((one, other) => (one.takenAt < other.takenAt ? -1 : 1));
    const gives = sum(left.map(storedNow)) - sum(behind.left.map(storedNow));
    const step = { layer: policy.layer, from: of.keep, to: keep, removes, gives, elsewhere: policy.elsewhere };
    return { of, behind: { ...behind, policy }, step };
  }
  return undefined;
}

/** A month of days, two months of weeks, a year of months: from there on it is as any other policy. */
const insteadOfAll: Keep = { keep_daily: 31, keep_weekly: 8, keep_monthly: 12 };

/** One less of the rule that reaches back the farthest; undefined where no less than one point would be left. */
export function shorter(keep: Keep): Keep | undefined {
  const now = normaliseKeep(keep);
  if (now.keep_all === 1) return insteadOfAll;
  const rules = keepNames.filter((name) => (now[name] ?? 0) > 0);
  const longest = longestFirst.find((name) => rules.includes(name));
  if (longest === undefined || (rules.length === 1 && now[longest] === 1)) return undefined;
  return normaliseKeep({ ...now, [longest]: (now[longest] ?? 0) - 1 });
}
const longestFirst = ['keep_yearly', 'keep_monthly', 'keep_weekly', 'keep_daily', 'keep_hourly', 'keep_last'] as const;

const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);

/** Cuts of one layer that follow each other are one line to change. */
function merged(steps: readonly CleanUpStep[]): readonly CleanUpStep[] {
  const lines: CleanUpStep[] = [];
  for (const step of steps) {
    const before = lines.at(-1);
    if (before === undefined || before.layer !== step.layer || before.to !== step.from) lines.push(step);
    else
      lines[lines.length - 1] = {
        ...before,
        to: step.to,
        removes: [...before.removes, ...step.removes],
        gives: before.gives + step.gives,
      };
  }
  return lines;
}
