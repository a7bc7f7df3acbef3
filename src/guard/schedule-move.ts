// What it means when a schedule moves: a few hours are nothing, a longer pause between two starts is a weaker promise.
import { type CalendarEvent, isCalendarProblem } from '../values/calendar.ts';
import { nextEvent } from '../values/calendar-next.ts';
import { parseCalendar } from '../values/calendar-parse.ts';
import { days, hours } from '../values/duration.ts';
import { epochMilliseconds, type Instant, instantAt } from '../values/instant.ts';
import { utc } from '../values/time-zone.ts';
import { type Meaning, meaning } from './meaning.ts';

// Any moment does, as long as it is the same for both; this is a Monday at the beginning of a year.
const from = instantAt(Date.UTC(2029, 0, 1));
const horizon = days(35);
const leastStarts = 3;
// Eight days of a start every minute: more than a week, which is how the week of the fastest schedules shows.
const mostStarts = 12_000;
const harmlessMove = hours(6);

function startsOf(event: CalendarEvent): readonly number[] {
  const starts: number[] = [];
  let at: Instant | undefined = nextEvent(event, from, utc);
  while (at !== undefined && starts.length < mostStarts) {
    const start = epochMilliseconds(at);
    starts.push(start);
    if (starts.length >= leastStarts && start - epochMilliseconds(from) > horizon) break;
    at = nextEvent(event, at, utc);
  }
  return starts;
}

const longestPause = (starts: readonly number[]): number =>
  starts.length < 2
    ? Number.POSITIVE_INFINITY
    : Math.max(...starts.slice(1).map((start, index) => start - (starts[index] ?? start)));

/** How far a start is from its nearest in the other schedule, at most; where one list was cut, both are. */
function farthestMove(before: readonly number[], behind: readonly number[]): number {
  const end = Math.min(before.at(-1) ?? 0, behind.at(-1) ?? 0);
  let farthest = 0;
  let nearest = 0;
  for (const start of before.filter((each) => each <= end)) {
    const away = (index: number): number => Math.abs((behind[index] ?? Number.POSITIVE_INFINITY) - start);
    while (away(nearest + 1) <= away(nearest)) nearest += 1;
    farthest = Math.max(farthest, away(nearest));
  }
  return farthest;
}

export function classOfMove(before: unknown, behind: unknown): Meaning {
  if (typeof before !== 'string' || before === '') return meaning('strengthens', 'gets a schedule');
  if (typeof behind !== 'string' || behind === '') return meaning('weakens', 'loses its schedule');
  const [first, second] = [parseCalendar(before), parseCalendar(behind)];
  if (isCalendarProblem(first) || isCalendarProblem(second))
    return meaning('weakens', 'changes in a way that cannot be compared');
  const [was, is] = [startsOf(first), startsOf(second)];
  const [pause, newPause] = [longestPause(was), longestPause(is)];
  if (newPause > pause) return meaning('weakens', 'starts less often');
  if (newPause < pause) return meaning('strengthens', 'starts more often');
  if (first.utc !== second.utc) return meaning('weakens', "moves between UTC and the server's own zone");
  return farthestMove(was, is) <= harmlessMove
    ? meaning('neutral', 'moves by six hours at most')
    : meaning('weakens', 'moves by more than six hours');
}
