// `jobs`: when each job starts next, how it ended last, what it waits for, and whether it fits its window. Read-only.
import { stateFolder } from '../apply/state.ts';
import { isWatched } from '../daemon/state.ts';
import { type JobNow, jobsNow } from '../jobs-now.ts';
import type { Timing } from '../schedule/timetable.ts';
import { calendarLint } from '../values/calendar-lint.ts';
import { type Duration, formatDuration } from '../values/duration.ts';
import { between, epochSeconds, type Instant } from '../values/instant.ts';
import { count } from '../values/text.ts';
import { utc } from '../values/time-zone.ts';
import { wallSecondsAt, wallTimeOf } from '../values/time-zone-wall.ts';
import type { JobAnswer, JobsAnswer } from './answers.ts';
import type { Command, Invocation } from './command.ts';
import { misused, open } from './open.ts';
import { tableFor } from './table.ts';

export const jobs: Command<JobsAnswer> = {
  name: 'jobs',
  says: 'when jobs start next, how they ended last, what they wait for',
  run: async (invocation) => {
    const { holdfast, estate } = await open(invocation);
    const [wanted] = invocation.arguments;
    const found = jobsNow(holdfast, estate).filter(({ job }) => wanted === undefined || job === wanted);
    if (wanted !== undefined && found.length === 0)
      throw misused(wanted, 'the estate has no layer of that name', 'see `holdfast jobs`');
    const watched = isWatched(stateFolder(holdfast.root, estate.name));
    const at = invocation.surroundings.clock.now();
    return {
      exit: 'fine',
      value: { at, watched, jobs: found.map(answerOf) },
      text: asText(invocation, found, watched, at),
    };
  },
};

function answerOf(one: JobNow): JobAnswer {
  const { timing, next, last, lastGood, usual, forecast } = one;
  return {
    ...{ job: one.job, state: one.state, why: one.why },
    schedule: timing?.calendar?.event.text,
    zone: timing?.calendar === undefined ? undefined : zoneOf(timing),
    after: timing?.follows ?? [],
    next,
    last,
    lastGood,
    usual,
    window: forecast,
    missed: one.missed.flatMap((each) =>
      each.event === 'missed'
        ? [{ at: each.at, from: each.from, until: each.until, count: each.count, madeUp: each.madeUp, says: each.says }]
        : [],
    ),
    meets: one.meets.map(({ job, lanes, overlap }) => ({ job, lanes, at: overlap.at, until: overlap.until })),
  };
}

const zoneOf = ({ calendar }: Timing): string => (calendar?.event.utc ? utc : (calendar?.zone ?? utc));

const head = ['job', 'schedule', 'next', 'last', 'state', 'takes'];

function asText(invocation: Invocation, found: readonly JobNow[], watched: boolean | undefined, at: Instant): string {
  if (found.length === 0) return 'The estate has no layers, so there are no jobs.\n';
  const rows = found.map((one) => [
    one.job,
    scheduleWords(one),
    nextWords(one, at),
    lastWords(one, at),
    one.why === undefined ? one.state : `${one.state}: ${one.why}`,
    takesWords(one),
  ]);
  return [tableFor(invocation, head, rows), ...remarks(found, watched).map((line) => `${line}\n`)].join('');
}

function scheduleWords({ timing }: JobNow): string {
  if (timing === undefined) return 'none';
  const when = timing.calendar === undefined ? [] : [`${timing.calendar.event.text} ${zoneOf(timing)}`];
  const after = timing.follows.length === 0 ? [] : [`after ${timing.follows.map(({ job }) => job).join(', ')}`];
  return [...when, ...after].join(', ');
}

const two = (value: number): string => String(value).padStart(2, '0');

/** As the wall of its own zone shows it. */
function onTheWall(moment: Instant, timing: Timing | undefined): string {
  const zone = timing?.calendar?.event.utc ? utc : (timing?.calendar?.zone ?? utc);
  const { year, month, day, hour, minute } = wallTimeOf(wallSecondsAt(epochSeconds(moment), zone));
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}${zone === utc ? 'Z' : ''}`;
}

const nextWords = ({ next, timing }: JobNow, at: Instant): string =>
  next === undefined
    ? ''
    : `${onTheWall(next.start, timing)} (${next.start <= at ? 'due' : `in ${formatDuration(between(at, next.start))}`})`;

function lastWords({ last, timing }: JobNow, at: Instant): string {
  if (last === undefined) return 'never';
  const ago = formatDuration(Math.max(between(last.startedAt, at), 0) as Duration);
  return `${onTheWall(last.startedAt, timing)}, ${ago} ago, ${last.state}`;
}

const takesWords = ({ usual, timing }: JobNow): string => {
  if (usual === undefined) return '';
  const window = timing?.window === undefined ? '' : ` of ${formatDuration(timing.window)}`;
  return `${formatDuration(usual.median)}, at most ${formatDuration(usual.worst)}${window}`;
};

function remarks(found: readonly JobNow[], watched: boolean | undefined): readonly string[] {
  const scheduled = found.filter(({ timing }) => timing !== undefined).length;
  return [
    ...(watched === false && scheduled > 0
      ? [
          `Nothing watches ${count(scheduled, 'schedule')}: start \`holdfast serve\`, or \`holdfast install-service\` once.`,
        ]
      : []),
    ...(watched === undefined ? ['Whether a daemon watches cannot be seen by this user.'] : []),
    ...found.flatMap(({ job, timing }) =>
      (timing?.calendar === undefined ? [] : calendarLint(timing.calendar.event)).map(({ says }) => `${job}: ${says}.`),
    ),
    ...found.flatMap(({ job, forecast }) =>
      forecast === undefined || forecast.fits === 'yes' ? [] : [`${job}: ${forecast.says}.`],
    ),
    ...found.flatMap(({ job, missed }) =>
      missed.slice(0, 1).flatMap((one) => (one.event === 'missed' ? [`${job}: ${missedWords(one)}`] : [])),
    ),
    ...found.flatMap(({ job, meets }) =>
      // Said once for the two of them.
      meets
        .filter((one) => one.job > job)
        .map(
          (one) => `${job} and ${one.job} want ${one.lanes.join(', ')} at ${one.overlap.at}: one of them will wait.`,
        ),
    ),
  ];
}

const missedWords = (
  one: Readonly<{ from: Instant; until: Instant; count: number; says: string; madeUp: boolean }>,
): string =>
  `${one.count === 1 ? `the start of ${one.from}` : `${one.count} starts from ${one.from} to ${one.until}`} ${one.count === 1 ? 'was' : 'were'} missed (${one.says})${one.madeUp ? ' and made up for' : ''}.`;
