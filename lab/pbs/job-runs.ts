// What all jobs share: when they ran and will run, and that one job runs once at a time (facts: pbs-api section 5).
import { setTimeout as sleep } from 'node:timers/promises';
import { isCalendarProblem } from '../../src/values/calendar.ts';
import { nextEvent } from '../../src/values/calendar-next.ts';
import { parseCalendar } from '../../src/values/calendar-parse.ts';
import { epochSeconds, instantAt } from '../../src/values/instant.ts';
import type { Task } from '../tasks/task.ts';
import { type PbsHost, secondsNow } from './host.ts';
import { badRequest } from './refusal.ts';
import type { Section } from './state.ts';

type JobKind = 'prunejob' | 'verificationjob' | 'syncjob';

export const taskNamed = ({ state }: PbsHost, upid: string | undefined): Task | undefined =>
  upid === undefined ? undefined : state.tasks.find((task) => task.upid === upid);
export const isRunning = (task: Task | undefined): boolean => task !== undefined && task.endedAt === undefined;

/** Two runs of one job at a time there are not; PBS waits for its lock, and gives up. */
export async function refuseBusy(host: PbsHost, kind: JobKind, job: Section): Promise<void> {
  if (!isRunning(taskNamed(host, job.lastRun))) return;
  await sleep(host.delays.lock);
  if (isRunning(taskNamed(host, job.lastRun)))
    throw badRequest(
      `Unable to acquire lock "/var/lib/proxmox-backup/jobstates/${kind}-${job.id}.lck" - got lock request timeout`,
    );
}

/** The next event after the end of the last run, or after a newer change of the schedule. */
export function nextRun(host: PbsHost, schedule: unknown, since: number): number | undefined {
  if (schedule === undefined) return undefined;
  const event = parseCalendar(String(schedule));
  if (isCalendarProblem(event)) return undefined;
  const next = nextEvent(event, instantAt((since || secondsNow(host) - 30) * 1000), host.state.timeZone);
  return next === undefined ? undefined : epochSeconds(next);
}

/** As the lists below /admin tell it; while it runs there is neither an end nor a state. */
export function runsOf(host: PbsHost, job: Section) {
  const task = taskNamed(host, job.lastRun);
  const ended =
    task?.endedAt === undefined ? {} : { 'last-run-endtime': task.endedAt, 'last-run-state': task.exitStatus };
  const since = Math.max(task?.endedAt ?? 0, job.scheduledSince ?? 0);
  const next = job.options['disable'] === true ? undefined : nextRun(host, job.options['schedule'], since);
  return {
    ...(task === undefined ? {} : { 'last-run-upid': task.upid, ...ended }),
    ...(next === undefined ? {} : { 'next-run': next }),
  };
}
