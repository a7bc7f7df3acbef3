// One job at one moment.
import type { RunId } from '../model/run.ts';
import type { Decided, Mark, RunFact, ScheduleEvent, Waiting } from '../model/schedule.ts';
import { milliseconds } from '../values/duration.ts';
import { epochMilliseconds, type Instant, instantAt } from '../values/instant.ts';
import { count } from '../values/text.ts';
import { isGood, waitsFor } from './after.ts';
import { stepInWords } from './clock-steps.ts';
import type { Decision, Now } from './decision.ts';
import type { History } from './history.ts';
import { startOf } from './jitter.ts';
import { type Calendar, lastDue, nextDue } from './occurrences.ts';
import { secondsOf } from './seconds.ts';
import { calendarOfWhen, type Timetable, type Timing, type When } from './timetable.ts';

export type Case = Readonly<{
  now: Now;
  timetable: Timetable;
  history: History;
  timing: Timing;
  /** the calendar of its cycles; undefined where it goes by the runs of others */
  calendar: Calendar | undefined;
  /** whether the daemon takes one run more */
  free: boolean;
}>;

type Outcome = Omit<Decision, 'job' | 'before'>;

// A look at the clock comes every minute; what is found later than this was not watched for.
const onTimeWithin = 180;
const mostCounted = 10_000;

const at = (seconds: number): Instant => instantAt(seconds * 1000);
const minute = (moment: Instant): string => `${moment.slice(0, 16).replace('T', ' ')}Z`;

export function decideJob(given: Case, mark: Mark | undefined): Outcome {
  const { now, timing } = given;
  if (mark === undefined) {
    const first = { when: timing.when, since: now.at, handled: now.at, ran: [], waiting: null, decided: null };
    return { behind: first, events: [{ event: 'watched', when: timing.when }], start: undefined };
  }
  // Its last start is on its way to the journal: what it becomes is not known yet.
  if (now.beginning.has(timing.job)) return { behind: mark, events: [], start: undefined };
  const { known, events } = mark.when === timing.when ? { known: mark, events: [] } : rescheduled(given, mark);
  const pending = pendingOf(given, known);
  return pending === undefined ? { behind: known, events, start: undefined } : settle(given, known, pending, events);
}

/** Under its new schedule it is due from now on; what the old one still owes is not lost by that. */
function rescheduled({ now, timing }: Case, mark: Mark): { known: Mark; events: ScheduleEvent[] } {
  const when = JSON.parse(mark.when) as When;
  const calendar = calendarOfWhen(when);
  const before = { ...timing, jitter: milliseconds(when.jitter) };
  const owed =
    calendar === undefined ? undefined : dueSince(before, calendar, secondsOf(mark.handled), mark.ran, now.at);
  const known = { ...mark, when: timing.when, since: now.at, handled: now.at, ran: [] };
  const watched: ScheduleEvent = { event: 'watched', when: timing.when };
  if (owed === undefined) return { known, events: [watched] };
  const because = [`it was due at ${minute(at(owed.last))} by the schedule it had before`];
  const told = missed(owed.first, owed.last, owed.count, absence(now), timing.catchUp);
  const waiting: Waiting = { cycle: at(owed.last), since: now.at, says: 'is late', because, again: false };
  return { known: timing.catchUp ? { ...known, waiting } : known, events: [watched, told] };
}

/** A cycle that is neither started nor given up, and why it is so late, where it is. */
type Pending = Readonly<{
  cycle: number;
  because: readonly string[];
  again: boolean;
  /** the same start, decided before and not begun */
  run: RunId | undefined;
  waiting: Waiting | undefined;
  missed: readonly ScheduleEvent[];
  /** it is late, and what is missed is not made up for */
  lost: boolean;
}>;

function pendingOf(given: Case, mark: Mark): Pending | undefined {
  const { now, timing, calendar, history } = given;
  const open = openOf(given, mark);
  const settled = open === undefined ? secondsOf(mark.handled) : Math.max(open.cycle, secondsOf(mark.handled));
  const due =
    calendar === undefined
      ? dueByRuns(timing, history, at(settled))
      : dueSince(timing, calendar, settled, mark.ran, now.at);
  if (due === undefined) return open;
  const events: ScheduleEvent[] = [];
  if (open !== undefined && open.waiting !== undefined)
    events.push(missed(open.cycle, open.cycle, 1, `it ${open.waiting.says} until it was due again`, false));
  else if (open !== undefined && open.run !== undefined)
    events.push(missed(open.cycle, open.cycle, 1, 'its start was decided, and Holdfast ended before it began', true));
  const why = absence(now);
  if (due.count > 1) events.push(missed(due.first, due.before, due.count - 1, why, false));
  const late = due.at + onTimeWithin < secondsOf(now.at);
  if (late) events.push(missed(due.last, due.last, 1, why, timing.catchUp));
  const because = late ? [`made up: it was due at ${minute(at(due.at))}, and ${why}`] : [];
  return {
    ...{ cycle: due.last, because, again: false, run: undefined, waiting: undefined, missed: events },
    lost: late && !timing.catchUp,
  };
}

const missed = (from: number, until: number, howMany: number, says: string, madeUp: boolean): ScheduleEvent => ({
  ...{ event: 'missed', from: at(from), until: at(until), count: howMany, says, madeUp },
});

function absence({ step, lastLook, at: now }: Now): string {
  if (step !== undefined && step.by > 0) return stepInWords(step);
  return lastLook === undefined
    ? 'nothing watched for it'
    : `nothing watched for it from ${minute(lastLook)} to ${minute(now)}`;
}

/** What is open from before: a cycle that waits, a start that did not begin, a run that died and is made up for once. */
function openOf({ timing, history }: Case, { waiting, decided }: Mark): Pending | undefined {
  const none = { missed: [], lost: false };
  if (waiting !== null) {
    const { because, again } = waiting;
    return { cycle: secondsOf(waiting.cycle), because, again, run: undefined, waiting, ...none };
  }
  if (decided === null || decided.refused !== undefined) return undefined;
  const { because, again } = decided;
  const open = { cycle: secondsOf(decided.cycle), waiting: undefined, ...none };
  if (!history.hasRun(decided.run)) return { ...open, because, again, run: decided.run };
  const [latest] = history.runsOf(timing.job);
  if (latest?.id !== decided.run || again || !timing.catchUp || !diedWithUs(latest)) return undefined;
  const why = `made up once: its run ${latest.id} was ${latest.state} (${latest.summary ?? 'nobody knows why'})`;
  return { ...open, because: [why], again: true, run: undefined };
}

const diedWithUs = ({ state, cancelled }: RunFact): boolean =>
  state === 'aborted' || (state === 'interrupted' && !cancelled);

type Due = Readonly<{
  first: number;
  /** the last but one */
  before: number;
  last: number;
  /** when the last one is due, its jitter included */
  at: number;
  count: number;
}>;

function dueSince(
  timing: Timing,
  calendar: Calendar,
  settled: number,
  alreadyRan: readonly Instant[],
  now: Instant,
): Due | undefined {
  const until = secondsOf(now);
  const ran = alreadyRan.map(secondsOf);
  let due: Due | undefined;
  for (
    let cycle = nextDue(calendar, settled);
    cycle !== undefined && cycle <= until;
    cycle = nextDue(calendar, cycle)
  ) {
    if (ran.includes(cycle)) continue;
    const starts = startOf(timing, calendar, cycle);
    if (starts > until) break;
    due =
      due === undefined
        ? { first: cycle, before: cycle, last: cycle, at: starts, count: 1 }
        : { first: due.first, before: due.last, last: cycle, at: starts, count: due.count + 1 };
    if (due.count === mostCounted) {
      const last = lastDue(calendar, until, cycle) ?? cycle;
      return { ...due, before: cycle, last, at: last };
    }
  }
  return due;
}

/** Of a job that follows only what has no calendar: when each of those has had a good run since it was last looked at. */
function dueByRuns({ follows }: Timing, history: History, handled: Instant): Due | undefined {
  const newest = follows.map((one) => {
    const run = history.runsOf(one.job).find((each) => each.state !== 'running');
    return run !== undefined && isGood(run, one.needs) && run.startedAt > handled ? run : undefined;
  });
  if (newest.length === 0 || newest.includes(undefined)) return undefined;
  const cycle = Math.max(...newest.map((run) => Math.ceil(epochMilliseconds(run?.startedAt ?? handled) / 1000)));
  const ended = Math.max(...newest.map((run) => secondsOf(run?.endedAt ?? run?.startedAt ?? handled)));
  return { first: cycle, before: cycle, last: cycle, at: ended, count: 1 };
}

function settle(given: Case, mark: Mark, pending: Pending, before: readonly ScheduleEvent[]): Outcome {
  const { now } = given;
  const cycle = at(pending.cycle);
  const handled = cycle > mark.handled ? cycle : mark.handled;
  const ran = mark.ran.filter((one) => one > handled);
  const events = [...before, ...pending.missed];
  if (pending.lost) return { behind: { ...mark, handled, ran, waiting: null }, events, start: undefined };
  const says = holdsBack(given, pending.cycle);
  if (says !== undefined) {
    if (pending.run !== undefined) return { behind: mark, events, start: undefined };
    const { because, again } = pending;
    const waiting = { cycle, since: pending.waiting?.since ?? now.at, says, because, again };
    const isNew = pending.waiting?.says !== says;
    if (!isNew && events.length === 0) return { behind: mark, events, start: undefined };
    const told: ScheduleEvent[] = isNew ? [...events, { event: 'waits', cycle, says }] : events;
    return { behind: { ...mark, ran, waiting }, events: told, start: undefined };
  }
  if (pending.run !== undefined)
    return { behind: mark, events, start: { run: pending.run, cycle, because: pending.because } };
  const because = pending.because.length > 0 ? pending.because : [`it is due at ${minute(cycle)}`];
  const waited = pending.waiting === undefined ? [] : [`it waited since ${minute(pending.waiting.since)}`];
  const decided: Decided = {
    ...{ cycle, run: now.newRun(), at: now.at, because: [...because, ...waited], again: pending.again },
  };
  return {
    behind: { ...mark, handled, ran, waiting: null, decided },
    events: [...events, { event: 'decided', cycle, run: decided.run, because: decided.because }],
    start: { run: decided.run, cycle, because: decided.because },
  };
}

function holdsBack({ timetable, history, timing, free, now }: Case, cycle: number): string | undefined {
  const going = history.runsOf(timing.job).find(({ state }) => state === 'running');
  if (going !== undefined) return `waits for its own run ${going.id}, which goes on since ${minute(going.startedAt)}`;
  const waits = waitsFor({ timetable, history }, timing, cycle);
  if (waits !== undefined) return waits;
  return free ? undefined : `waits for its turn: ${count(now.going, 'run')} of Holdfast go on at once`;
}
