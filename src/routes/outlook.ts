// How full a target will be: each series goes on at its own pace, and retention lets go as it does in every run. Pure.
import { days } from '../values/duration.ts';
import { epochMilliseconds, type Instant, instantAt } from '../values/instant.ts';
import type { Keep } from '../values/retention.ts';
import { decideRetention } from '../values/retention-decide.ts';
import type { TimeZone } from '../values/time-zone.ts';
import { type Amount, everyPoint, type Pace, paceOf, type Series, storedBytes } from './series.ts';

/** Bytes that a series takes at the end of each day from now on; the first is today's, before anything is removed. */
export type Outlook = readonly number[];

export type Asked = Readonly<{ now: Instant; zone: TimeZone; horizonDays: number }>;

/** A series without a pace stays as it is: nothing says that it goes on. */
export function outlookOf(series: Series, asked: Asked, keep: Keep = series.keep): Outlook {
  const pace = paceOf(series, asked.now);
  const today = storedBytes(series.points, everyPoint(series.points));
  if (pace === undefined) return Array.from({ length: asked.horizonDays + 1 }, () => today);
  const stored = [today];
  let points: readonly Amount[] = series.points;
  for (let day = 1; day <= asked.horizonDays; day += 1) {
    const made = pointsUntil(points, pace, epochMilliseconds(asked.now) + day * days(1));
    // Retention is part of the run that makes a point.
    if (made.length > 0) points = thinned([...points, ...made], keep, asked.zone);
    stored.push(made.length > 0 ? storedBytes(points, everyPoint(points)) : (stored.at(-1) ?? today));
  }
  return stored;
}

function pointsUntil(points: readonly Amount[], { every, added, grows }: Pace, until: number): readonly Amount[] {
  const made: Amount[] = [];
  let last = points.at(-1);
  while (last !== undefined && epochMilliseconds(last.takenAt) + every <= until) {
    const takenAt = instantAt(epochMilliseconds(last.takenAt) + every);
    const whole = Math.max(0, last.whole + grows);
    last = {
      id: `to come ${takenAt}`,
      takenAt,
      held: undefined,
      whole,
      added: Math.min(whole, Math.max(added, grows)),
    };
    made.push(last);
  }
  return made;
}

/** What stays, each with what it then adds to the one before it. */
function thinned(points: readonly Amount[], keep: Keep, zone: TimeZone): readonly Amount[] {
  const kept = keptOf(points, keep, zone);
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

/** Never without the newest one; what is held stays. */
export function keptOf(points: readonly Amount[], keep: Keep, zone: TimeZone): ReadonlySet<string> {
  const candidates = points.map(({ id, takenAt, held }) => ({ id, takenAt, held, finished: true }));
  const verdicts = decideRetention(candidates, keep, zone, { lastGood: true });
  return new Set(verdicts.filter(({ verdict }) => verdict === 'keep').map(({ point }) => point.id));
}

export const sumOf = (outlooks: readonly Outlook[], horizonDays: number): Outlook =>
  Array.from({ length: horizonDays + 1 }, (_, day) =>
    outlooks.reduce((sum, one) => sum + (one[day] ?? one.at(-1) ?? 0), 0),
  );

/** The first day on which there is no room; undefined where it fits to the end of the outlook. */
export function fullOn(outlook: Outlook, free: number): number | undefined {
  const [today = 0] = outlook;
  const day = outlook.findIndex((stored) => stored - today > free);
  return day < 0 ? undefined : day;
}
