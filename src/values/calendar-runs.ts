// When jobs start, and when one starts while another is still running. A run takes real time: on the days on which clocks
// change, what looks far enough apart on the wall is an hour closer, or farther.
import type { CalendarEvent } from './calendar.ts';
import { nextEvent } from './calendar-next.ts';
import { type Duration, days, milliseconds } from './duration.ts';
import { after, type Instant } from './instant.ts';
import type { TimeZone } from './time-zone.ts';

/** The starts later than `from`, up to and with `until`, but not more than `atMost`. */
export const runsBetween = (
  event: CalendarEvent,
  serverZone: TimeZone,
  from: Instant,
  until: Instant,
  atMost: number,
): readonly Instant[] => startsBetween(event, serverZone, from, until).take(atMost).toArray();

function* startsBetween(
  event: CalendarEvent,
  serverZone: TimeZone,
  from: Instant,
  until: Instant,
): Generator<Instant, undefined> {
  let at = nextEvent(event, from, serverZone);
  while (at !== undefined && at <= until) {
    yield at;
    at = nextEvent(event, at, serverZone);
  }
  return undefined;
}

export type ExpectedRuns = Readonly<{
  event: CalendarEvent;
  /** of the server that starts it */
  zone: TimeZone;
  /** how long a run is expected to take; one without a duration overlaps with nothing */
  takes: Duration;
}>;

export type Overlap = Readonly<{
  /** when the later of the two starts, or both do */
  at: Instant;
  /** when the first of the two is expected to end */
  until: Instant;
  /** when each of the two runs started; one of them, or both, at `at` */
  one: Instant;
  other: Instant;
}>;

export type OverlapOptions = Readonly<{ within?: Duration; atMost?: number }>;

/**
 * The first moments later than `from`, in the next 14 days, at which a run of one begins while a run of the other goes on. Runs
 * that began before `from` count as long as they are expected to go on. A job that takes longer than its own period is taken
 * to run without a pause: PBS starts a run that is due as soon as the last one ends (facts: pbs-prune-and-calendar B.3).
 */
export function overlaps(
  one: ExpectedRuns,
  other: ExpectedRuns,
  from: Instant,
  { within = days(14), atMost = 5 }: OverlapOptions = {},
): readonly Overlap[] {
  const until = after(from, within);
  const [ones, others] = [startsOf(one, from, until), startsOf(other, from, until)];
  const found: Overlap[] = [];
  let [nextOne, nextOther] = [ones.next().value, others.next().value];
  let [lastOne, lastOther]: (Instant | undefined)[] = [];
  for (
    let at = earlier(nextOne, nextOther);
    at !== undefined && found.length < atMost;
    at = earlier(nextOne, nextOther)
  ) {
    if (nextOne === at) [lastOne, nextOne] = [at, ones.next().value];
    if (nextOther === at) [lastOther, nextOther] = [at, others.next().value];
    if (lastOne === undefined || lastOther === undefined || at <= from) continue;
    const end = earlier(after(lastOne, one.takes), after(lastOther, other.takes));
    if (end !== undefined && end > at) found.push({ at, until: end, one: lastOne, other: lastOther });
  }
  return found;
}

const startsOf = ({ event, zone, takes }: ExpectedRuns, from: Instant, until: Instant): Generator<Instant, undefined> =>
  startsBetween(event, zone, after(from, milliseconds(-takes)), until);

function earlier(one: Instant | undefined, other: Instant | undefined): Instant | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}
