// How a disk really filled, from one look a day: by the median of all slopes between two of them, which a single odd day (a large
// file, a night of removals) does not move. It knows of what others write there, too. Pure.
import { days } from '../values/duration.ts';
import { epochMilliseconds, type Instant } from '../values/instant.ts';
import { median } from './series.ts';

export type Sample = Readonly<{ at: Instant; used: number; total: number }>;

const recent = days(28);
const least = { samples: 5, span: days(4) };

/** Bytes a day; undefined where there are too few looks to tell. */
export function observedGrowth(samples: readonly Sample[], now: Instant): number | undefined {
  const since = epochMilliseconds(now) - recent;
  const total = samples.at(-1)?.total;
  // A disk of another size is another disk, or was made larger: what was seen before says nothing of it.
  const last = samples.filter((sample) => epochMilliseconds(sample.at) >= since && sample.total === total);
  const [first, end] = [last[0], last.at(-1)];
  if (first === undefined || end === undefined || last.length < least.samples) return undefined;
  if (epochMilliseconds(end.at) - epochMilliseconds(first.at) < least.span) return undefined;
  const slopes = last.flatMap((later, index) =>
    last.slice(0, index).flatMap((earlier) => {
      const apart = epochMilliseconds(later.at) - epochMilliseconds(earlier.at);
      return apart <= 0 ? [] : [((later.used - earlier.used) * days(1)) / apart];
    }),
  );
  return slopes.length === 0 ? undefined : median(slopes);
}

/** One for each day; of the last eight weeks. */
export function keepSamples(samples: readonly Sample[], fresh: Sample): readonly Sample[] {
  const dayOf = ({ at }: Sample): string => at.slice(0, 10);
  const since = epochMilliseconds(fresh.at) - days(56);
  const others = samples.filter((one) => dayOf(one) !== dayOf(fresh) && epochMilliseconds(one.at) >= since);
  return [...others, fresh].toSorted((one, other) => (one.at < other.at ? -1 : 1));
}
