// After a run its figures go to every channel that carries figures. A push that does not arrive never makes the backup fail; it
// is said, written into the run's journal, counted, and made good by the next one, since each push carries every job.
import { join } from 'node:path';
import type { Told } from './apply/engine-types.ts';
import { stateFolder } from './apply/state.ts';
import type { MetricsChannel } from './contracts/channel.ts';
import type { Journal } from './contracts/journal.ts';
import { asFault, Fault } from './fault.ts';
import type { Holdfast } from './holdfast.ts';
import { openJournal } from './journal/journal.ts';
import { kinds } from './kinds.ts';
import { pushGroups } from './metrics/push-groups.ts';
import { figuresNow, keepLook, keepPush, type Look, lookNow, pushesOf } from './metrics-now.ts';
import type { ChannelEntry, Estate } from './model/estate.ts';
import type { PushRecord } from './model/metric.ts';
import type { RunId } from './model/run.ts';
import { type Lock, tryLock } from './store/lock.ts';
import { milliseconds, seconds } from './values/duration.ts';
import type { OpenWorld } from './world.ts';

type Through = Readonly<{ entry: ChannelEntry; kind: MetricsChannel }>;

const channelsOf = ({ channels }: Estate): readonly Through[] =>
  channels.flatMap((entry) => {
    const kind = kinds.channels.find((one) => one.kind === entry.kind);
    return kind?.carries === 'metrics' ? [{ entry, kind }] : [];
  });

/** Told also of a run that was interrupted: how it ended is what the figures are for. So it does not stop with the run. */
export async function pushAfter(
  holdfast: Holdfast,
  estate: Estate,
  run: RunId,
  tell: (told: Told) => void,
): Promise<void> {
  const failed = await pushFigures(holdfast, estate).catch((error: unknown) => [
    { channel: 'every channel', fault: asFault(error, 'figures') },
  ]);
  for (const { channel, fault } of failed) {
    try {
      using journal = closing(openJournal(stateFolder(holdfast.root, estate.name), holdfast.surroundings.clock));
      const event = { event: 'failed', fault: fault.toJSON() } as const;
      tell({ tell: 'entry', entry: journal.append(run, `figures for ${channel}`, event) });
    } catch {
      // A journal on a full disk: how the run ended is written, and this is no part of it.
    }
  }
}

const closing = (journal: Journal): Journal & Disposable => ({ ...journal, [Symbol.dispose]: () => journal.close() });

export type NotPushed = Readonly<{ channel: string; fault: Fault }>;

/** @returns what did not arrive; each failure is counted already */
export async function pushFigures(
  holdfast: Holdfast,
  estate: Estate,
  looked?: Look | undefined,
): Promise<readonly NotPushed[]> {
  const channels = channelsOf(estate);
  if (channels.length === 0) return [];
  await using world = holdfast.world(estate);
  // Two runs that end at once: the later push must carry the later figures.
  using _turn = await turn(holdfast, estate);
  const look = looked ?? (await lookNow(world, estate));
  keepLook(world, look);
  const failed: NotPushed[] = [];
  for (const through of channels) {
    const fault = await pushThrough(holdfast, estate, world, through, look);
    if (fault !== undefined) failed.push({ channel: through.entry.name, fault });
  }
  return failed;
}

async function pushThrough(
  holdfast: Holdfast,
  estate: Estate,
  world: OpenWorld,
  { entry, kind }: Through,
  look: Look,
): Promise<Fault | undefined> {
  const { clock } = world;
  const none: PushRecord = { failures: 0, failedAt: undefined, says: undefined, arrivedAt: undefined };
  const before = pushesOf(world)[entry.name] ?? none;
  const figures = figuresNow(holdfast, estate, look, pushesOf(world));
  const fault = await delivered(estate, world, { entry, kind }, figures);
  keepPush(
    world,
    entry.name,
    fault === undefined
      ? { ...before, arrivedAt: clock.now() }
      : { ...before, failures: before.failures + 1, failedAt: clock.now(), says: fault.says },
  );
  return fault;
}

async function delivered(
  estate: Estate,
  world: OpenWorld,
  { entry, kind }: Through,
  figures: Parameters<typeof pushGroups>[1],
): Promise<Fault | undefined> {
  const { clock } = world;
  try {
    const groups = await pushGroups(estate.name, figures);
    const secret: typeof world.secret = (reference, audience) => world.secret(reference, audience);
    const delivery = await kind.push(entry, groups, { clock, fetch, secret }, AbortSignal.timeout(120_000));
    return delivery.delivered ? undefined : notArrived(entry.name, delivery.says);
  } catch (error) {
    return asFault(error, entry.name);
  }
}

const notArrived = (channel: string, says: string): Fault =>
  new Fault('figures-not-pushed', {
    where: channel,
    says,
    remedy:
      'the backup itself is not touched by it; mend the gateway, and the next run (or `holdfast metrics --push`) brings every figure',
  });

/** Waits a while for the other push; one that hangs must not keep this run for ever. */
async function turn({ root, surroundings: { clock, process } }: Holdfast, estate: Estate): Promise<Lock | Disposable> {
  const file = join(stateFolder(root, estate.name), 'locks', 'push.lock');
  const until = clock.monotonic() + seconds(60);
  for (;;) {
    const lock = tryLock(file, { run: '', pid: process, what: 'a push of figures' });
    if (lock !== undefined || clock.monotonic() > until) return lock ?? { [Symbol.dispose]: () => {} };
    await clock.sleep(milliseconds(200));
  }
}
