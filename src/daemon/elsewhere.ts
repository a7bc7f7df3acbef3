// What PVE says of backup jobs that schedules wait for, asked beside the looks at the clock: those wait for no server. An answer
// that has grown old is none.
import { asFault } from '../fault.ts';
import { followedElsewhere, type Timetable } from '../schedule/timetable.ts';
import { minutes } from '../values/duration.ts';
import { between, type Clock, type Instant } from '../values/instant.ts';
import type { Elsewhere } from './look.ts';
import type { Serving } from './runs.ts';

export type Ask = (serving: Serving, jobs: readonly string[]) => Promise<Elsewhere>;

const askEvery = minutes(1);
const oldAfter = minutes(10);

export function askingElsewhere(ask: Ask, clock: Clock, answered: () => void) {
  let known: Readonly<{ at: Instant; told: Elsewhere }> | undefined;
  let askedAt: Instant | undefined;
  let failed: string | undefined;
  let asking = false;
  const askNow = async (serving: Serving, jobs: readonly string[]): Promise<void> => {
    asking = true;
    askedAt = clock.now();
    try {
      known = { told: await ask(serving, jobs), at: clock.now() };
      failed = undefined;
    } catch (error) {
      failed = asFault(error, 'PVE').says;
    } finally {
      asking = false;
      answered();
    }
  };
  const isPast = (at: Instant | undefined, span: number): boolean =>
    at === undefined || Math.abs(between(at, clock.now())) >= span;
  return (serving: Serving, timetable: Timetable): Elsewhere => {
    const jobs = followedElsewhere(timetable);
    if (jobs.length > 0 && !asking && isPast(askedAt, askEvery)) void askNow(serving, jobs);
    const told = known === undefined || isPast(known.at, oldAfter) ? undefined : known.told;
    const why = failed ?? (known === undefined ? 'it has not answered yet' : `its last answer is of ${known.at}`);
    return {
      runs: told?.runs ?? new Map(),
      zones: told?.zones ?? new Map(),
      unknown: told?.unknown ?? new Map(jobs.map((job) => [job, why])),
    };
  };
}
