// Tasks that run over time: a task's work says which share of its length a stretch takes, and the lab's pace does the rest.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked, FaultBoard } from '../faults/board.ts';
import type { Task, UpidParts } from './task.ts';

export type Going = Readonly<{
  task: Task;
  log(line: string): void;
  /** waits for that share of the length of a task; throws what it was stopped or broken by */
  pass(share: number): Promise<void>;
}>;

export type Start = Readonly<{
  type: string;
  id: string;
  user: string;
  /** the request that starts it */
  asked: Asked;
  /** gives the exit status, `OK` where it gives none; what it throws is the error */
  work: (going: Going) => Promise<string | undefined>;
}>;

export interface Tasks {
  start(start: Start): Task;
  /** as its owner stops it; the task ends soon after */
  stop(upid: string): void;
  /** all that have been started have ended */
  ended(): Promise<void>;
}

export type TaskSettings = Readonly<{
  node: string;
  list: Task[];
  board: FaultBoard;
  seconds: number;
  now: () => number;
  closing: AbortSignal;
  upidOf: (parts: UpidParts & { nth: number }) => string;
  /** what stands before each line of a log */
  prefix: (now: number) => string;
  /** what a task says when it is stopped */
  stopped: string;
  /** told of each task when it starts, and when it has ended */
  heard?: (task: Task) => void;
}>;

const broken = 'connection error: connection reset';

export function runTasks(settings: TaskSettings): Tasks {
  const { list, board, now, closing } = settings;
  const running = new Map<string, Readonly<{ stop: AbortController; end: Promise<void> }>>();
  let nth = list.length;
  const begin = ({ type, id, user }: Start): Task => {
    nth += 1;
    const at = now();
    const parts = { node: settings.node, pid: 1000 + 7 * nth, pstart: Math.floor(at / 10) % 2 ** 32, type, id, user };
    const startedAt = Math.floor(at / 1000);
    const upid = settings.upidOf({ ...parts, startedAt, nth });
    return { ...parts, upid, startedAt, endedAt: undefined, exitStatus: undefined, log: [] };
  };
  const run = async (task: Task, { work, asked }: Start, stop: AbortController) => {
    const fault = board.meet('task', asked)?.name;
    const log = (line: string) => task.log.push(`${settings.prefix(now())}${line}`);
    let breaks = fault === 'task-fails';
    const pass = async (share: number) => {
      const signal = AbortSignal.any([stop.signal, closing]);
      const length = fault === 'task-never-ends' ? 2 ** 31 - 1 : share * settings.seconds * 1000;
      await sleep(length, undefined, { signal }).catch(() => {
        throw new Error(settings.stopped);
      });
      if (!breaks) return;
      breaks = false;
      throw new Error(broken);
    };
    const status = await work({ task, log, pass }).then(
      (said) => said ?? 'OK',
      (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
    );
    if (closing.aborted) return;
    log(status === 'OK' || status.startsWith('WARNINGS: ') ? `TASK ${status}` : `TASK ERROR: ${status}`);
    task.endedAt = Math.floor(now() / 1000);
    task.exitStatus = status;
    settings.heard?.(task);
  };
  return {
    start: (start) => {
      const task = begin(start);
      list.push(task);
      settings.heard?.(task);
      const stop = new AbortController();
      const end = run(task, start, stop).finally(() => running.delete(task.upid));
      running.set(task.upid, { stop, end });
      return task;
    },
    stop: (upid) => running.get(upid)?.stop.abort(),
    ended: async () => {
      while (running.size > 0) await Promise.all([...running.values()].map(({ end }) => end));
    },
  };
}
