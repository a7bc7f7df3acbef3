// The daemon: looks at the clock every minute and when something is due, starts what is, and settles what others left behind.
// One of them works for a state folder. Told to stop, it has its runs stopped and undone, and leaves within a bounded time.
import { stateFolder } from '../apply/state.ts';
import { asFault, Fault } from '../fault.ts';
import { finished } from '../holdfast.ts';
import { openScheduleMemory } from '../journal/schedule-memory.ts';
import type { Look } from '../model/schedule.ts';
import { inZones } from '../schedule/timetable.ts';
import { holderOf, type Lock, tryLock } from '../store/lock.ts';
import { type Duration, milliseconds, minutes } from '../values/duration.ts';
import { between, type Clock, type Instant } from '../values/instant.ts';
import { count, shown } from '../values/text.ts';
import { type Ask, askingElsewhere } from './elsewhere.ts';
import { estateNow } from './estate-now.ts';
import { look } from './look.ts';
import type { Notify } from './notify.ts';
import { type Runs, runsOfDaemon, type Serving } from './runs.ts';
import { type Service, startServices } from './service.ts';
import { daemonLock } from './state.ts';

export type Daemon = Readonly<{
  open(): Promise<Serving>;
  services: readonly Service[];
  notify: Notify;
  /** what PVE says of backup jobs that schedules wait for; asked beside the looks, which wait for no server */
  elsewhere: Ask;
  say(line: string): void;
}>;

const lookEvery = minutes(1);
/** Steps have 30 s to stop, and what they took is given back; what takes longer is settled by the next start. */
const patience = minutes(4);

/** @returns how many runs it started */
export async function serve(daemon: Daemon): Promise<number> {
  const { say } = daemon;
  const current = await estateNow(daemon.open, say);
  const { holdfast, estate } = current.now();
  const { clock, stopped, process: pid } = holdfast.surroundings;
  const state = stateFolder(holdfast.root, estate.name);
  using _lock = await lockDaemon(state, pid, clock);
  const memory = openScheduleMemory(state);
  const bell = alarm(clock);
  const runs = runsOfDaemon(say, bell.ring);
  const settling = inBackground(say, 'what an earlier run left behind', async () => {
    for (const one of await finished(holdfast, estate.name)) say(settled(one));
    bell.ring();
  });
  const elsewhereNow = askingElsewhere(daemon.elsewhere, clock, bell.ring);
  const context = { holdfast, estate: () => current.now().estate, say };
  await using _services = await startServices(daemon.services, context);
  stopped.addEventListener('abort', bell.ring);
  let last: Look | undefined = memory.look();
  let ready = false;
  try {
    while (!stopped.aborted) {
      await current.reread();
      if (holdfast.due(estate.name).length > 0) settling();
      const next = guarded(say, () => {
        const { timetable, ...serving } = current.now();
        const elsewhere = elsewhereNow(serving, timetable);
        const looked = look({
          ...{ clock, memory, last, elsewhere, say },
          timetable: elsewhere.zones.size === 0 ? timetable : inZones(timetable, elsewhere.zones),
          ...{ beginning: runs.beginning(clock.now()), going: runs.going() },
          start: (job, start) => runs.start(serving, job, start),
        });
        last = looked.now;
        return looked.next;
      });
      if (!ready) {
        say(`${estate.name}: watching ${count(current.now().timetable.timings.size, 'schedule')}`);
        await daemon.notify('READY=1', `STATUS=watching the schedules of ${estate.name}`);
      } else await daemon.notify('WATCHDOG=1');
      ready = true;
      await bell.until(pauseUntil(next, clock.now()));
    }
  } finally {
    say(runs.going() === 0 ? 'told to stop' : `told to stop: stopping ${count(runs.going(), 'run')}, undoing cleanly`);
    await daemon.notify('STOPPING=1');
    await allEnded(runs, clock, say);
    const seen = last;
    if (seen !== undefined) guarded(say, () => memory.looked(seen));
    memory.close();
  }
  return runs.started();
}

/** Whoever only asks whether a daemon is there holds the lock for a moment. */
const tries = 5;

async function lockDaemon(state: string, pid: number, clock: Clock): Promise<Lock> {
  const file = daemonLock(state);
  for (let left = tries; left > 0; left -= 1) {
    const lock = tryLock(file, { run: 'serve', pid, what: `the daemon with process id ${pid}` });
    if (lock !== undefined) return lock;
    if (left > 1) await clock.sleep(milliseconds(200));
  }
  throw new Fault('already-serving', {
    where: state,
    says: `${holderOf(file)?.what ?? 'another daemon'} watches these schedules already`,
    remedy: 'leave it to that one; `systemctl status holdfast` shows it where it is a service',
    exit: 'locked',
  });
}

const settled = ({ run, left, fault }: Awaited<ReturnType<typeof finished>>[number]): string =>
  fault === undefined
    ? `run ${run.id} (${run.job}) was interrupted: it is settled as aborted; ${left.length === 0 ? 'what it had taken was given back' : left.map(shown).join('; ')}`
    : `run ${run.id} (${run.job}) was interrupted and could not be finished: ${shown(fault.says)}; do this: ${shown(fault.remedy)}`;

/** A full disk, a state that is busy: said, and tried again with the next look. */
function guarded<Result>(say: (line: string) => void, work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    const { code, where, says, remedy } = asFault(error, 'schedules');
    say(`${where}: ${code}: ${shown(says)}; do this: ${shown(remedy)}`);
    return undefined;
  }
}

/** One at a time; what fails is said, and tried again when it is asked for again. */
function inBackground(say: (line: string) => void, what: string, work: () => Promise<void>): () => void {
  let going = false;
  return () => {
    if (going) return;
    going = true;
    work()
      .catch((error) => say(`${what}: ${shown(asFault(error, what).says)}`))
      .finally(() => {
        going = false;
      });
  };
}

const pauseUntil = (next: Instant | undefined, now: Instant): Duration =>
  milliseconds(Math.min(lookEvery, next === undefined ? lookEvery : Math.max(between(now, next), 1)));

/** A sleep that is cut short when there is something to look at. */
function alarm(clock: Clock): Readonly<{ ring: () => void; until(pause: Duration): Promise<void> }> {
  let wake = new AbortController();
  return {
    ring: () => wake.abort(new Error('there is something to look at')),
    until: async (pause) => {
      await clock.sleep(pause, wake.signal).catch(() => {});
      if (wake.signal.aborted) wake = new AbortController();
    },
  };
}

async function allEnded(runs: Runs, clock: Clock, say: (line: string) => void): Promise<void> {
  const over = new AbortController();
  const tooLong = clock.sleep(patience, over.signal).then(
    () => say('runs that would not stop are left to the next start: it gives back what they took'),
    () => {},
  );
  await Promise.race([runs.ended(), tooLong]);
  over.abort(new Error('they have ended'));
}
