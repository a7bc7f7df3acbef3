// Following a task to its end (facts: pve-api section 6, pbs-api section 2). A write that answers with a task is done when
// the task is, never when the request is. A task may run for days: it is given up for lack of progress, not for its age.
import { Fault } from '../fault.ts';
import { type Duration, formatDuration, minutes, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Upid } from '../values/upid.ts';
import type { CallOptions, ProxmoxApi } from './api.ts';
import { row, text } from './decode.ts';
import { outcomeUnknown } from './outcome-unknown.ts';
import { isNotFound } from './refusal.ts';
import { type HandLines, taskLog } from './task-log.ts';
import { taskPath, taskStatusPath } from './task-path.ts';

export type TaskEnd =
  | Readonly<{ ended: 'ok'; warnings: number }>
  /** `says` is the server's own word; the last lines of the log tell more */
  | Readonly<{ ended: 'failed'; says: string; lastLines: readonly string[] }>
  /** the worker died (a reboot, a kill): what it did is not known */
  | Readonly<{ ended: 'unknown'; says: string; lastLines: readonly string[] }>;

export type Following = Readonly<{
  clock: Clock;
  /** the log as it grows, in order, each line once; lines are cut at 4096 characters and hold no control characters */
  lines?: HandLines;
  /** without a new log line, a change of state or, from a silent server, any word */
  patience?: Duration;
  signal?: AbortSignal | undefined;
}>;

const usualPatience = minutes(15);
// Right after it was made a task may not be in the list yet.
const tooNewToBeSeen = 5;
const kept = 20;

/**
 * Rejects with `task-stalled` where the task still runs without progress, and with `outcome-unknown` where the server could
 * not tell of it for that long, or knows no such task.
 */
export async function followTask(api: ProxmoxApi, upid: Upid, following: Following): Promise<TaskEnd> {
  const { clock, signal, patience = usualPatience } = following;
  const lastLines: string[] = [];
  const log = taskLog(api, upid, (lines) => {
    changed();
    lastLines.push(...lines);
    lastLines.splice(0, lastLines.length - kept);
    following.lines?.(lines);
  });
  let lastChange = clock.monotonic();
  const changed = () => {
    lastChange = clock.monotonic();
  };
  let known: State | undefined;
  for (let poll = 0; ; poll += 1) {
    let silent: unknown;
    try {
      const state = await stateOf(api, upid, { signal });
      if (state.status !== known?.status) changed();
      known = state;
      await log.read({ signal });
      if (state.status === 'stopped') return endOf(state, lastLines);
    } catch (error) {
      const early = known === undefined && isNotFound(error) && poll < tooNewToBeSeen;
      if (!early && !isTransient(error)) throw isNotFound(error) ? gone(api, upid, error) : error;
      silent = error;
    }
    if (clock.monotonic() - lastChange >= patience) {
      // It ended, and only the rest of its log cannot be read.
      if (known?.status === 'stopped') return endOf(known, lastLines);
      throw silent === undefined
        ? stalled(api, upid, patience, lastLines)
        : outcomeUnknown(taskName(api, upid), silent);
    }
    await clock.sleep(seconds(poll < 10 ? 1 : 2), signal);
  }
}

/** Asks the server to stop it; the task ends a moment later, with an error as its state. */
export async function cancelTask(api: ProxmoxApi, upid: Upid, options: CallOptions = {}): Promise<void> {
  await api.delete(taskPath(api, upid), {}, options);
}

type State = Readonly<{ status: string; exitStatus: string | undefined }>;

async function stateOf(api: ProxmoxApi, upid: Upid, options: CallOptions): Promise<State> {
  const { data } = await api.get(taskStatusPath(api, upid), {}, options);
  const answer = row(api, 'task status', data);
  return { status: text(answer.status) ?? 'unknown', exitStatus: text(answer.exitstatus) };
}

const diedWithoutWord: readonly string[] = ['unexpected status', 'unknown'];

function endOf(state: State, lastLines: readonly string[]): TaskEnd {
  const says = state.exitStatus ?? 'unknown';
  if (says === 'OK') return { ended: 'ok', warnings: 0 };
  const warnings = /^WARNINGS: (\d+)$/.exec(says)?.[1];
  if (warnings !== undefined) return { ended: 'ok', warnings: Number(warnings) };
  return { ended: diedWithoutWord.includes(says) ? 'unknown' : 'failed', says, lastLines: [...lastLines] };
}

const passing: readonly string[] = [
  'server-unreachable',
  'server-slow',
  'server-busy',
  'server-error',
  'answer-cut-short',
  'answer-not-understood',
];
const isTransient = (error: unknown): boolean => error instanceof Fault && passing.includes(error.code);

const taskName = (api: ProxmoxApi, upid: Upid): string => `${api.name} (${api.audience}), task ${upid.text}`;

const gone = (api: ProxmoxApi, upid: Upid, error: unknown): Fault => outcomeUnknown(taskName(api, upid), error);

const stalled = (api: ProxmoxApi, upid: Upid, patience: Duration, lastLines: readonly string[]): Fault =>
  new Fault('task-stalled', {
    where: taskName(api, upid),
    says: `it runs, and has not moved for ${formatDuration(patience)}; the last line of its log: ${lastLines.at(-1) ?? 'none'}`,
    remedy: 'see on the server what it waits for (often a dead storage); stop the task there if it will not go on',
  });
