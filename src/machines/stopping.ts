// A command until it ends, is cancelled, or is overdue. Stopped means gone: whoever undoes its work must not do so while it
// still goes on. But what waits for a disk or a share that does not answer cannot be killed by anybody, and must not hold up
// the whole run: after a while it is given up, by name.
import { Fault } from '../fault.ts';
import { type Duration, formatDuration, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import { shown } from '../values/text.ts';
import type { Argv, RunOptions } from './machine.ts';

/** Between the polite signal and the one that cannot be refused. */
export const grace = seconds(3);
/** From then until it is given up. The engine waits 30 s for a step that was told to stop. */
export const lastWait = seconds(15);

type Place = Readonly<{ name: string; clock: Clock }>;

/** @param stop ends it, and resolves when it is gone */
export async function untilStopped<End>(
  place: Place,
  argv: Argv,
  { signal, deadline }: RunOptions,
  closed: Promise<End>,
  stop: () => Promise<void>,
): Promise<End> {
  const over = new AbortController();
  const stops = [aborted(signal, over.signal)];
  if (deadline !== undefined) stops.push(overdue(place, argv, deadline, over.signal));
  try {
    const first = await Promise.race([closed.then((end) => ({ end })), ...stops]);
    if ('end' in first) return first.end;
    closed.catch(() => {});
    await stop();
    throw first.reason;
  } finally {
    over.abort();
  }
}

type Stop = Promise<Readonly<{ reason: unknown }>>;

const aborted = (signal: AbortSignal | undefined, over: AbortSignal): Stop =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve({ reason: signal.reason });
    signal?.addEventListener('abort', () => resolve({ reason: signal.reason }), { once: true, signal: over });
  });

async function overdue({ name, clock }: Place, argv: Argv, deadline: Duration, over: AbortSignal): Stop {
  await clock.sleep(deadline, over).catch(() => new Promise<never>(() => {}));
  const reason = new Fault('command-overdue', {
    where: name,
    says: `${shown(argv[0])} did not end within ${formatDuration(deadline)} and was killed`,
    remedy: 'look at the disk or server it was waiting for (dmesg, ps), then run it again',
  });
  return { reason };
}

/** Whether it happened within that time. */
export async function within(clock: Clock, duration: Duration, happens: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const done = happens.then(
    () => true,
    () => true,
  );
  const late = clock.sleep(duration, over.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    over.abort();
  }
}

export const commandStays = (where: string, what: string): Fault =>
  new Fault('command-stays', {
    where,
    says: `${shown(what)} was killed, and is still there ${formatDuration(lastWait)} later`,
    remedy: 'see what it waits for (`cat /proc/PID/stack`, dmesg): most often a disk or share that does not answer',
  });
