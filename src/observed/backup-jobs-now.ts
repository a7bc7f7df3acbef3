// How the backup jobs went that PVE starts itself and that schedules of ours wait for. PVE keeps no outcome by job, only by
// task; so the vzdump tasks count that each node began at the minute at which the job was due by its own clock (facts: pve-api
// sections 5 and 6). Where several jobs are due at one minute their tasks cannot be told apart: then all of them must be well.
import type { World } from '../contracts/world.ts';
import { asFault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import type { RunState } from '../model/run.ts';
import type { RunFact } from '../model/schedule.ts';
import { type ProxmoxApi, path } from '../proxmox/api.ts';
import { flagUnlessOff, name, row, rows, text, whole } from '../proxmox/decode.ts';
import { isCalendarProblem } from '../values/calendar.ts';
import { nextEvent } from '../values/calendar-next.ts';
import { parseCalendar } from '../values/calendar-parse.ts';
import { days, hours, milliseconds, minutes } from '../values/duration.ts';
import { after, epochSeconds, type Instant, instantAt } from '../values/instant.ts';
import { parseTimeZone, type TimeZone, utc } from '../values/time-zone.ts';

export type BackupJobsNow = Readonly<{
  runs: ReadonlyMap<string, readonly RunFact[]>;
  /** of the node that starts it */
  zones: ReadonlyMap<string, TimeZone>;
  /** why nothing can be said of a job */
  unknown: ReadonlyMap<string, string>;
}>;

type Job = Readonly<{
  name: string;
  on?: readonly string[] | undefined;
  schedule?: string | undefined;
  node?: string | undefined;
  enabled?: boolean | undefined;
}>;

type NodeRun = Readonly<{ zone: TimeZone; tasks: readonly RunFact[] }>;

export async function backupJobsNow(
  world: World,
  { pve, sections }: Pick<Estate, 'pve' | 'sections'>,
  wanted: readonly string[],
): Promise<BackupJobsNow> {
  const jobs = (sections['backup_jobs'] ?? []) as readonly Job[];
  const told = await Promise.all(
    wanted.map(async (job) => {
      const entries = jobs.filter(
        (one) => one.name === job && one.schedule !== undefined && flagUnlessOff(one.enabled),
      );
      try {
        const nodes = await Promise.all(
          entries.flatMap((one) =>
            (one.on ?? pve.map((server) => server.name)).map((server) => onServer(world, server, one)),
          ),
        );
        return { job, nodes: nodes.flat(), fault: undefined };
      } catch (error) {
        return { job, nodes: [], fault: asFault(error, job) };
      }
    }),
  );
  return {
    runs: new Map(told.map(({ job, nodes }) => [job, together(nodes.flatMap(({ tasks }) => tasks))])),
    zones: new Map(told.flatMap(({ job, nodes }) => nodes.slice(0, 1).map(({ zone }) => [job, zone] as const))),
    unknown: new Map(
      told.flatMap(({ job, fault }) => (fault === undefined ? [] : [[job, `${fault.where}: ${fault.says}`] as const])),
    ),
  };
}

async function onServer(world: World, server: string, job: Job): Promise<readonly NodeRun[]> {
  const api = await world.server(server, 'observe');
  const { data } = await api.get(path`/nodes`);
  // What is offline starts nothing; that its guests are not backed up is not for this job to find.
  const online = rows(api, 'nodes', data).filter((one) => text(one['status']) !== 'offline');
  const nodes = online.map((one) => name(api, 'nodes', one, 'node'));
  const where = nodes.filter((node) => job.node === undefined || node === job.node);
  return Promise.all(where.map((node) => onNode(api, node, job, world.clock.now())));
}

async function onNode(api: ProxmoxApi, node: string, { schedule = '' }: Job, now: Instant): Promise<NodeRun> {
  const { data: time } = await api.get(path`/nodes/${node}/time`);
  const zone = parseTimeZone(text(row(api, 'time', time)['timezone']) ?? '') ?? utc;
  const due = lastStart(schedule, zone, now);
  if (due === undefined) return { zone, tasks: [] };
  const since = epochSeconds(due);
  const asked = { source: 'all', typefilter: 'vzdump', since, until: since + startsWithin / 1000, limit: 500 };
  const { data } = await api.get(path`/nodes/${node}/tasks`, asked);
  return { zone, tasks: rows(api, 'tasks', data).map((one) => factOf(name(api, 'tasks', one, 'upid'), one)) };
}

// The scheduler of PVE looks once a minute.
const startsWithin = minutes(2);

/** The last time before now at which PVE started it. */
function lastStart(schedule: string, zone: TimeZone, now: Instant): Instant | undefined {
  const event = parseCalendar(schedule);
  if (isCalendarProblem(event)) return undefined;
  for (let back: number = hours(1); back <= days(800); back *= 4) {
    let found: Instant | undefined;
    for (
      let at = nextEvent(event, after(now, milliseconds(-back)), zone);
      at !== undefined && at <= now;
      at = nextEvent(event, at, zone)
    )
      found = at;
    if (found !== undefined) return found;
  }
  return undefined;
}

function factOf(id: string, task: Readonly<Record<string, unknown>>): RunFact {
  const status = text(task['status']);
  const end = whole(task['endtime']);
  return {
    ...{ id, startedAt: instantAt((whole(task['starttime']) ?? 0) * 1000), cancelled: false },
    endedAt: end === undefined ? undefined : instantAt(end * 1000),
    state: end === undefined ? 'running' : stateOf(status ?? ''),
    summary: status,
  };
}

/** Warnings are a success with something to look at; anything else than these two is a failure (DESIGN 5, rule 13). */
function stateOf(status: string): RunState {
  if (status === 'OK') return 'done';
  return /^WARNINGS: \d+$/.test(status) ? 'degraded' : 'failed';
}

const worstFirst: readonly RunState[] = ['running', 'failed', 'degraded', 'done'];

/** The tasks of all nodes are one run of the job, no better than the worst of them. */
function together(tasks: readonly RunFact[]): readonly RunFact[] {
  const [worst] = tasks.toSorted((one, other) => worstFirst.indexOf(one.state) - worstFirst.indexOf(other.state));
  const [first] = tasks.map(({ startedAt }) => startedAt).sort();
  return worst === undefined || first === undefined ? [] : [{ ...worst, startedAt: first }];
}
