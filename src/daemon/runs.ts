// The runs that the daemon has going. Each is supervised here, as `holdfast run` would, under the id it was promised.
import { stateFolder } from '../apply/state.ts';
import { asFault, type Fault } from '../fault.ts';
import { type Holdfast, refuseRun } from '../holdfast.ts';
import { limitsOf, planningIn, planOf } from '../job-plan.ts';
import { openScheduleMemory } from '../journal/schedule-memory.ts';
import type { Estate } from '../model/estate.ts';
import { carryOut } from '../pipeline.ts';
import type { Start } from '../schedule/decision.ts';
import { formatDuration, milliseconds, minutes } from '../values/duration.ts';
import { after, type Instant } from '../values/instant.ts';
import { shown } from '../values/text.ts';

export type Serving = Readonly<{ holdfast: Holdfast; estate: Estate }>;

export type Runs = Readonly<{
  start(serving: Serving, job: string, start: Start): void;
  /** jobs whose start is not in the journal yet, or was put off */
  beginning(now: Instant): ReadonlySet<string>;
  going(): number;
  started(): number;
  /** resolves when none goes on any more */
  ended(): Promise<void>;
}>;

// What holds a start up (a full disk, a run that cannot be finished) is seldom gone a minute later.
const putOffFor = minutes(5);

/** @param changed called when a run has ended: others may wait for it */
export function runsOfDaemon(say: (line: string) => void, changed: () => void): Runs {
  const going = new Map<string, Promise<void>>();
  const putOff = new Map<string, Instant>();
  let started = 0;

  const carry = async (serving: Serving, job: string, start: Start): Promise<void> => {
    const { holdfast } = serving;
    const { clock } = holdfast.surroundings;
    const began = clock.monotonic();
    say(`${job}: run ${start.run} starts: ${start.because.join('; ')}`);
    try {
      const verdict = await carryOne(serving, job, start, say);
      const took = formatDuration(milliseconds(clock.monotonic() - began));
      say(`${job}: run ${start.run} is ${verdict.outcome} after ${took} (${shown(verdict.summary)})`);
    } catch (error) {
      const fault = asFault(error, job);
      say(`${job}: run ${start.run} did not go on: ${shown(fault.says)}; do this: ${shown(fault.remedy)}`);
      if (holdfast.surroundings.stopped.aborted) return;
      if (isForNow(fault)) putOff.set(job, after(clock.now(), putOffFor));
      else settleRefused(serving, job, start, fault);
    }
  };

  return {
    start: (serving, job, start) => {
      started += 1;
      putOff.delete(job);
      going.set(
        job,
        carry(serving, job, start).finally(() => {
          going.delete(job);
          changed();
        }),
      );
    },
    beginning: (now) => {
      for (const [job, until] of putOff) if (until <= now) putOff.delete(job);
      return new Set([...going.keys(), ...putOff.keys()]);
    },
    going: () => going.size,
    started: () => started,
    ended: async () => {
      while (going.size > 0) await Promise.allSettled(going.values());
    },
  };
}

async function carryOne({ holdfast, estate }: Serving, job: string, start: Start, say: (line: string) => void) {
  const { plan, upTo } = planOf(estate, job, planningIn(estate, holdfast.surroundings.clock));
  const more = { run: start.run, startedBy: `holdfast serve: ${start.because.join('; ')}`, ...limitsOf(estate, job) };
  if (plan.steps.length === 0) {
    const why = plan.refusals.map(({ says, remedy }) => `${says}; do this: ${remedy}`).join('; ');
    return refuseRun(holdfast, estate, { plan, ...more }, why === '' ? 'there is nothing to do' : why);
  }
  return carryOut(
    holdfast,
    estate,
    plan,
    { upTo, confirmed: [] },
    (told) => {
      if (told.tell !== 'entry' || told.entry.event !== 'failed') return;
      const { says, remedy } = told.entry.fault;
      say(`${job}: ${told.entry.path} failed: ${shown(says)}; do this: ${shown(remedy)}`);
    },
    more,
  );
}

/** Nothing is wrong with the job itself: its start stays owed. */
const isForNow = ({ code, exit }: Fault): boolean =>
  exit === 'locked' || code.startsWith('journal-') || code === 'unexpected';

/** No run of it can begin as the estate stands; `jobs` says so, and it is due again at its next time. */
function settleRefused({ holdfast, estate }: Serving, job: string, { run, cycle }: Start, fault: Fault): void {
  const memory = openScheduleMemory(stateFolder(holdfast.root, estate.name));
  try {
    const before = memory.marks().get(job);
    if (before?.decided?.run !== run || memory.hasRun(run)) return;
    const says = `${fault.says}; do this: ${fault.remedy}`;
    const behind = { ...before, decided: { ...before.decided, refused: says } };
    memory.settle(job, before, behind, [{ event: 'not begun', cycle, run, says }], holdfast.surroundings.clock.now());
  } finally {
    memory.close();
  }
}
