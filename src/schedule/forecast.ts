// How long a job takes, and whether it will go on to be done within its window. Rates are the median of all rates between two
// runs (Theil and Sen): one night with a full resync moves them by nothing.
import { type Duration, formatDuration, milliseconds } from '../values/duration.ts';
import { epochMilliseconds, type Instant, instantAt } from '../values/instant.ts';

/** A run that did its work. */
export type Took = Readonly<{ at: Instant; took: Duration }>;

export type Usual = Readonly<{ runs: number; median: Duration; worst: Duration }>;

export type Forecast = Readonly<{
  window: Duration;
  fits: 'yes' | 'no' | 'not for long' | 'not known yet';
  /** from when on the usual run will be longer than the window, at the rate at which runs grow */
  until: Instant | undefined;
  says: string;
}>;

const median = (figures: readonly number[]): number =>
  figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? Number.NaN;

export function usualOf(runs: readonly Took[]): Usual | undefined {
  if (runs.length === 0) return undefined;
  const took = runs.map((run) => run.took);
  return { runs: runs.length, median: milliseconds(median(took)), worst: milliseconds(Math.max(...took)) };
}

// Fewer runs, or growth that is less than a tenth over all of them, say nothing of the next year.
const leastRuns = 6;
const leastGrowth = 0.1;
const farthest = 400 * 86_400_000;

export function forecastOf(runs: readonly Took[], window: Duration, now: Instant): Forecast {
  const usual = usualOf(runs);
  const span = formatDuration(window);
  if (usual === undefined)
    return { window, fits: 'not known yet', until: undefined, says: `no run has shown yet whether ${span} are enough` };
  const { median: normal, worst } = usual;
  const of = usual.runs === 1 ? 'its only run' : `the longest of its last ${usual.runs} runs`;
  if (worst > window) {
    const says = `${of} took ${formatDuration(worst)}, its window is ${span}`;
    return { window, fits: 'no', until: now, says };
  }
  const until = fullAt(runs, window, now, normal);
  if (until === undefined)
    return { window, fits: 'yes', until, says: `${of} took ${formatDuration(worst)} of ${span}` };
  const says = `at this rate it will not fit from ${until.slice(0, 10)} (usually ${formatDuration(normal)} of ${span} now)`;
  return { window, fits: 'not for long', until, says };
}

function fullAt(runs: readonly Took[], window: Duration, now: Instant, normal: Duration): Instant | undefined {
  if (runs.length < leastRuns) return undefined;
  const points = runs.map(({ at, took }) => ({ at: epochMilliseconds(at), took }));
  const rates = points.flatMap((one, index) =>
    points
      .slice(index + 1)
      .flatMap((other) => (one.at === other.at ? [] : [(one.took - other.took) / (one.at - other.at)])),
  );
  const rate = median(rates);
  const times = points.map(({ at }) => at);
  if (!(rate * (Math.max(...times) - Math.min(...times)) > normal * leastGrowth)) return undefined;
  const base = median(points.map(({ at, took }) => took - rate * at));
  const full = (window - base) / rate;
  return full - epochMilliseconds(now) > farthest ? undefined : instantAt(Math.max(full, epochMilliseconds(now)));
}
