// A wall clock that was stepped, seen by the machine's own count since it was started. Forward: what seems to have been due
// in between is made up once, like after an outage. Back: what ran is not run again, and what is still to come in the time
// that comes again is not taken for settled.
import type { Look, Mark } from '../model/schedule.ts';
import type { SinceBoot } from '../values/instant.ts';
import { epochMilliseconds, epochSeconds, type Instant } from '../values/instant.ts';
import { type Calendar, lastDue } from './occurrences.ts';

/** `by` in milliseconds: how much further the wall clock went than time did. */
export type Step = Readonly<{ by: number; from: Instant }>;

// What NTP slews, and what a busy machine is late by, is less.
const least = 60_000;

export const lookAt = (at: Instant, since: SinceBoot | undefined): Look => ({
  at,
  boot: since?.boot ?? null,
  elapsed: since?.elapsed ?? null,
});

/** Undefined where the clock went on as time did; across a restart of the machine only a step back can be told. */
export function stepSince(last: Look | undefined, now: Look): Step | undefined {
  if (last === undefined) return undefined;
  const went = epochMilliseconds(now.at) - epochMilliseconds(last.at);
  const counted =
    last.boot !== null && last.boot === now.boot && last.elapsed !== null && now.elapsed !== null
      ? now.elapsed - last.elapsed
      : Math.max(went, 0);
  const by = went - counted;
  return Math.abs(by) < least ? undefined : { by, from: last.at };
}

/** The mark of a job after the clock was put back: settled up to now, and what ran a moment ago by true time. */
export function afterStepBack(mark: Mark, calendar: Calendar | undefined, step: Step, now: Instant): Mark {
  if (mark.handled <= now && (mark.waiting === null || mark.waiting.cycle <= now)) return mark;
  const ran = [...mark.ran, ...(mark.decided === null ? [] : [mark.decided.cycle])].filter((cycle) => cycle > now);
  return {
    ...mark,
    since: mark.since > now ? now : mark.since,
    handled: mark.handled > now ? now : mark.handled,
    ran: ran.filter((cycle) => cycle !== mark.decided?.cycle || ranJustNow(mark, calendar, step)),
    waiting: mark.waiting === null || mark.waiting.cycle > now ? null : mark.waiting,
  };
}

/** Less than half a period before its time comes again; a longer true pause would be a start lost. */
function ranJustNow({ decided }: Mark, calendar: Calendar | undefined, { by }: Step): boolean {
  if (decided === null) return false;
  const cycle = epochSeconds(decided.cycle);
  const trulyAt = (epochMilliseconds(decided.at) + by) / 1000;
  const before = calendar === undefined ? undefined : lastDue(calendar, cycle - 1, cycle - 800 * 86_400);
  return before === undefined || cycle - trulyAt < (cycle - before) / 2;
}

export const stepInWords = ({ by, from }: Step): string =>
  `the clock was put ${by > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(by) / 1000)} s after ${from}`;
