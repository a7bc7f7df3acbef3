// Which jobs start now, which wait and for what, which starts were missed. Pure: what it says is written down before anything
// is done about it, and the same moment with the same memory gives the same answer.
import { afterStepBack } from './clock-steps.ts';
import { cyclesOf } from './cycles.ts';
import { decideJob } from './decide-job.ts';
import type { Decision, Now } from './decision.ts';
import type { History } from './history.ts';
import type { Timetable } from './timetable.ts';

/** Runs that one daemon lets go on at a time: each is a process of its own, on a host that has guests to serve. */
const mostAtOnce = 8;

/** Only what changes something; jobs in the order of the estate, so that what is declared first starts first. */
export function decideStarts(now: Now, timetable: Timetable, history: History): readonly Decision[] {
  const decisions: Decision[] = [];
  let going = now.going;
  for (const timing of timetable.timings.values()) {
    const before = history.marks.get(timing.job);
    const calendar = cyclesOf(timetable, timing.job);
    const stepped = now.step !== undefined && now.step.by < 0 ? now.step : undefined;
    const mark = before && stepped ? afterStepBack(before, calendar, stepped, now.at) : before;
    const decided = decideJob({ now, timetable, history, timing, calendar, free: going < mostAtOnce }, mark);
    if (decided.start !== undefined) going += 1;
    if (decided.behind !== before || decided.events.length > 0 || decided.start !== undefined)
      decisions.push({ job: timing.job, before, ...decided });
  }
  return decisions;
}
