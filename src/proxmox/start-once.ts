// Starting a task exactly once. Where the answer to the start was lost, the task is looked for among the server's own and
// taken over; it is not started again.
import { Fault } from '../fault.ts';
import { milliseconds, seconds } from '../values/duration.ts';
import { after, between, type Clock, epochMilliseconds, epochSeconds, type Instant } from '../values/instant.ts';
import { parseUpid, type Upid } from '../values/upid.ts';
import { type CallOptions, type ProxmoxApi, path } from './api.ts';
import { rows, text } from './decode.ts';
import { isOutcomeUnknown } from './outcome-unknown.ts';
import type { Started } from './pve.ts';

export type Sought = Readonly<{
  node: string;
  type: string;
  /** exactly this id; a backup is described by its guests instead */
  id?: string;
  vmids?: readonly number[];
  /** our own login, as the server writes it into the task: `holdfast@pve!ops` */
  user: string;
  /** our clock, just before the start was sent */
  since: Instant;
  /** tasks known to be another run's, by UPID */
  others?: readonly string[];
  /** asked of each task that fits by its row; false where it is certainly another's */
  mayBe?: (upid: Upid) => Promise<boolean>;
}>;

export type FoundTask =
  | Readonly<{ kind: 'found'; upid: Upid }>
  | Readonly<{ kind: 'none' }>
  /** more than one fits: which is ours cannot be told */
  | Readonly<{ kind: 'several'; upids: readonly Upid[] }>;

/** Looks once. A task started a moment ago may not be in the list yet. */
export async function findTask(
  api: ProxmoxApi,
  sought: Sought,
  clock: Clock,
  options: CallOptions = {},
): Promise<FoundTask> {
  const { at } = await api.get(path`/version`, {}, options);
  const earliest = serverTimeOf(sought.since, at, clock.now());
  const node = api.product === 'pbs' ? 'localhost' : sought.node;
  const filter = { userfilter: sought.user, typefilter: sought.type, since: epochSeconds(earliest), limit: 1000 };
  const source = api.product === 'pve' ? { source: 'all' } : {};
  const { data } = await api.get(path`/nodes/${node}/tasks`, { ...filter, ...source }, options);
  const found = new Map<string, Upid>();
  for (const entry of rows(api, 'tasks', data)) {
    const upid = parseUpid(text(entry.upid) ?? '');
    const id = text(entry.worker_id) ?? upid?.id ?? '';
    if (upid === undefined || !fits(sought, upid, id, earliest)) continue;
    if ((await sought.mayBe?.(upid)) !== false) found.set(upid.text, upid);
  }
  const [only, ...more] = found.values();
  if (only === undefined) return { kind: 'none' };
  return more.length === 0 ? { kind: 'found', upid: only } : { kind: 'several', upids: [only, ...more] };
}

export type StartedOnce = Readonly<{ upid: Upid; adopted: boolean }> | Readonly<{ nothingToDo: true }>;

// The server may still be at work on a start whose answer was lost: PVE asks the storage first, which takes up to half a minute.
const looks = [0, 1, 2, 4, 8, 15, 30].map(seconds);

/** Rejects with `outcome-unknown` where the answer was lost and no task, or more than one, fits. */
export async function startOnce(
  api: ProxmoxApi,
  sought: Sought,
  clock: Clock,
  start: () => Promise<Started>,
  options: CallOptions = {},
): Promise<StartedOnce> {
  try {
    const began = await start();
    return 'started' in began ? { upid: began.started, adopted: false } : began;
  } catch (error) {
    if (!isOutcomeUnknown(error)) throw error;
    return { upid: await adopt(api, sought, clock, error, options), adopted: true };
  }
}

async function adopt(api: ProxmoxApi, sought: Sought, clock: Clock, lost: Fault, options: CallOptions): Promise<Upid> {
  let seen: unknown;
  for (const pause of looks) {
    const found = await clock
      .sleep(pause, options.signal)
      .then(() => findTask(api, sought, clock, options))
      .catch((error: unknown) => {
        seen = error;
        return { kind: 'none' } as const;
      });
    // Who interrupts the search still has to know that something may run there.
    if (options.signal?.aborted) throw lost;
    if (found.kind === 'found') return found.upid;
    if (found.kind === 'several')
      throw new Fault('outcome-unknown', {
        where: lost.where,
        says: `${lost.says}; ${found.upids.length} tasks there could be the one: ${found.upids.map((upid) => upid.text).join(' ')}`,
        remedy: 'wait for these tasks to end, see what they did, then start the run again',
        cause: lost,
      });
  }
  throw new Fault('outcome-unknown', {
    where: lost.where,
    says: `${lost.says}; no task of ${sought.user} that fits is to be seen there${seen instanceof Fault ? ` (${seen.says})` : ''}`,
    remedy: lost.remedy,
    cause: lost,
  });
}

// The header of an answer says whole seconds, and a task's start is in whole seconds too.
const grain = seconds(3);

function serverTimeOf(ours: Instant, at: Instant | undefined, now: Instant): Instant {
  const ahead = at === undefined ? milliseconds(0) : between(now, at);
  return after(ours, milliseconds(ahead - grain));
}

function fits(sought: Sought, upid: Upid, id: string, earliest: Instant): boolean {
  if (upid.type !== sought.type || upid.user !== sought.user) return false;
  if (sought.others?.includes(upid.text)) return false;
  if (epochMilliseconds(upid.startedAt) < epochMilliseconds(earliest)) return false;
  if (sought.id !== undefined) return id === sought.id;
  if (sought.vmids === undefined) return true;
  // vzdump names a guest in its id only where exactly one is local to the node.
  const guests = sought.vmids.map(String);
  return guests.length === 1 ? id === guests[0] : id === '' || guests.includes(id);
}
