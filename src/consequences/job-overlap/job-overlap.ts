// Jobs that get in each other's way: backup jobs of one server, jobs of one datastore, and several servers that all begin to
// write to one PBS at the same minute, which a small PBS answers with refused connections (mission 0.3).
import type { Consequence, Look } from '../../contracts/consequence.ts';
import type { AskOf, Facts } from '../../model/facts.ts';
import type { Note } from '../../model/plan.ts';
import { overlaps } from '../../values/calendar-runs.ts';
import { type Duration, formatDuration, hours, minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import type { TimeZone } from '../../values/time-zone.ts';
import { answered, notComputed, unknownNote } from '../compare/answered.ts';
import { listed, moment, unique } from '../compare/words.ts';
import { longestRun } from './durations.ts';
import { type Group, intoOnePbs, type Job, onOneDatastore, onOneServer } from './jobs.ts';
import { comesNear, type Meeting, meetings, type Schedules, schedulesFrom } from './starts.ts';

// Whoever is this far apart meets only where a run takes longer, and then both are known to be long.
const near = hours(2);

export const jobOverlap: Consequence = {
  name: 'job-overlap',
  asks: (look) =>
    nearPairs(look).flatMap(({ server }): (AskOf<'ended-backups'> | AskOf<'time-zone'>)[] => [
      { fact: 'ended-backups', server },
      { fact: 'time-zone', server },
    ]),
  judge: (look, facts) => {
    const schedules = schedulesFrom(look.observed.at);
    return {
      notes: [
        ...onOneServer(look).flatMap((group) => together(group, schedules, waits)),
        ...onOneDatastore(look).flatMap((group) => together(group, schedules, shares)),
        ...intoOnePbs(look).flatMap((group) => storm(group, schedules)),
        ...nearPairs(look).flatMap((pairs) => running(look, pairs, schedules, facts)),
      ],
    };
  },
};

type Pairs = Readonly<{ server: string; pairs: readonly (readonly [Job, Job])[] }>;

/** Backup jobs of one server that start near each other, so that it counts how long they take. */
function nearPairs(look: Look): readonly Pairs[] {
  const groups = onOneServer(look);
  if (groups.length === 0) return [];
  const { startsOf } = schedulesFrom(look.observed.at);
  return groups.flatMap(({ shared, jobs }) => {
    // Of those with one schedule, one stands for all.
    const ones = [...Map.groupBy(jobs, ({ schedule }) => schedule).values()].flatMap(
      (alike) => alike.find(({ touched }) => touched) ?? alike.slice(0, 1),
    );
    const pairs = ones.flatMap((one, index) =>
      ones
        .slice(index + 1)
        .filter((other) => one.touched || other.touched)
        .filter((other) => comesNear(startsOf(one.schedule), startsOf(other.schedule), near))
        .map((other) => [one, other] as const),
    );
    return pairs.length === 0 ? [] : [{ server: shared, pairs }];
  });
}

const waits = 'a node makes one backup at a time, so each waits for the one before it';
const shares = 'they share the disks and the memory of the PBS';

const mostMeetings = 3;

function together({ shared, jobs }: Group, schedules: Schedules, therefore: string): readonly Note[] {
  const met = meetings(jobs, schedules).filter((one) => one.jobs.some(({ touched }) => touched));
  return met.slice(0, mostMeetings).map((one) => ({
    subject: (one.jobs.find(({ touched }) => touched) ?? one.jobs[0])?.subject ?? ref('pve', shared),
    level: 'info',
    says: `${listed(one.jobs.map(({ title }) => title).sort())} start at the same minute on ${shared}, first at ${clock(one)}: ${therefore}`,
  }));
}

/** What the clock there shows; its zone is its own. */
const clock = ({ first, utc }: Pick<Meeting<Job>, 'first' | 'utc'>): string =>
  `${first.slice(0, 10)} ${first.slice(11, 16)}${utc ? ' UTC' : ''}`;

const mostMinutes = 20;

function storm({ shared, jobs }: Group, schedules: Schedules): readonly Note[] {
  const met = meetings(jobs, schedules).find((one) => unique(one.jobs.map(({ server }) => server)).length > 1);
  if (met === undefined || !met.jobs.some(({ touched }) => touched)) return [];
  const servers = unique(met.jobs.map(({ server }) => server));
  const apart = Math.max(1, Math.min(mostMinutes, Math.floor(240 / servers.length)));
  const proposal = servers.map((server, index) => `${server} ${shifted(met.first, index * apart)}`);
  return [
    {
      ...{ subject: ref('pbs', shared), level: 'info' },
      says: `${servers.length} servers (${listed(servers, 6)}) begin to back up to it at the same minute, first at ${clock(met)}${met.utc ? '' : ' by their own clocks'}; a small PBS refuses connections while so many backups begin. Spread them, such as ${listed(proposal, 6)}`,
    },
  ];
}

function shifted(first: string, by: number): string {
  const at = Number(first.slice(11, 13)) * 60 + Number(first.slice(14, 16)) + by;
  const [hour, minute] = [Math.floor(at / 60) % 24, at % 60];
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** By how long they took of late: the later one of two starts while the other still runs. */
function running(look: Look, { server, pairs }: Pairs, { eventOf }: Schedules, facts: Facts): readonly Note[] {
  const what = 'whether backup jobs overlap';
  const ended = answered(facts, { fact: 'ended-backups', server });
  if ('says' in ended) return [unknownNote(ref('pve', server), what, ended.says)];
  const zone = answered(facts, { fact: 'time-zone', server });
  if ('says' in zone) return [unknownNote(ref('pve', server), what, zone.says)];
  const taking = ({ schedule }: Job): Expected['took'] => {
    const event = eventOf(schedule);
    return event === undefined ? undefined : longestRun(event, zone.answer, ended.answer);
  };
  const expected = pairs.map((pair) => pair.map((job) => ({ job, took: taking(job) })));
  const names = listed(unique(pairs.flat().map(({ name }) => name)), 5);
  if (expected.every((pair) => pair.every(({ took }) => took === undefined)))
    return [
      {
        subject: ref('pve', server),
        level: 'info',
        says: notComputed(what, `no run of ${names} is listed there any more`),
      },
    ];
  return expected.flatMap((pair) => overlapOf(look, pair, eventOf, zone.answer));
}

type Expected = Readonly<{ job: Job; took: Duration | undefined }>;

// Of a job that has not run yet, this much is certain.
const atLeast = minutes(1);

function overlapOf(
  look: Look,
  pair: readonly Expected[],
  eventOf: Schedules['eventOf'],
  zone: TimeZone,
): readonly Note[] {
  const runs = pair.flatMap(({ job, took }) => {
    const event = eventOf(job.schedule);
    return event === undefined ? [] : [{ event, zone, takes: took ?? atLeast }];
  });
  const [one, other] = runs;
  if (one === undefined || other === undefined) return [];
  const found = overlaps(one, other, look.observed.at, { atMost: 50 }).find((each) => each.one !== each.other);
  if (found === undefined) return [];
  const [first, second] = found.one < found.other ? pair : pair.toReversed();
  if (first?.took === undefined || second === undefined) return [];
  const says = `${second.job.title} starts while ${first.job.title} still runs, which took up to ${formatDuration(first.took)} of late, first at ${moment(found.at)}: ${waits}`;
  return [{ subject: second.job.subject, level: 'info', says }];
}
