// A stepped year of schedules: 8,760 looks at the clock, one an hour, over 50 jobs, against a loop that goes through the same
// hours and asks of each job, minute by minute of the hour, whether it was due. That loop knows nothing of this house: it reads
// the few forms of schedules below by itself, takes the wall clock from Intl, and starts what matches.
import type { Schedule } from '../src/model/estate.ts';
import type { Mark, RunFact } from '../src/model/schedule.ts';
import { decideStarts } from '../src/schedule/decide.ts';
import { timetableOf } from '../src/schedule/timetable.ts';
import { type Instant, instantAt } from '../src/values/instant.ts';
import { median, milliseconds, paired, type Row, timed } from './bench.ts';

const hours = 8760;
const jobs = 50;
const zone = 'Europe/Berlin';
const hour = 3_600_000;
// Summer time begins and ends in it; no job is due in the hours that are changed, where the two may differ.
const begin = Date.UTC(2026, 5, 1, 10);
const forms = ['04:10', '21:30', 'sun 05:15', 'mon..fri 22:45', '0,6,12,18:00', '*-01 06:30'];

const declared = (count: number): readonly Schedule[] =>
  Array.from({ length: count }, (_, index) => ({
    job: `job-${index}`,
    schedule: forms[index % forms.length] ?? '04:10',
  }));

/** @returns how many starts there were */
function stepped(count: number, looks = hours): number {
  const timetable = timetableOf({ schedules: declared(count), time_zone: zone, sections: {} });
  const marks = new Map<string, Mark>();
  const runs = new Map<string, readonly RunFact[]>();
  const history = {
    marks,
    runsOf: (job: string) => runs.get(job) ?? [],
    hasRun: () => true,
    unknown: new Map<string, string>(),
  };
  let [starts, lastLook]: [number, Instant | undefined] = [0, undefined];
  for (let look = 0; look < looks; look += 1) {
    const at = instantAt(begin + look * hour);
    const now = {
      at,
      step: undefined,
      lastLook,
      beginning: new Set<string>(),
      going: 0,
      newRun: () => `run-${starts}`,
    };
    for (const { job, behind, start } of decideStarts(now, timetable, history)) {
      marks.set(job, behind);
      if (start === undefined) continue;
      starts += 1;
      runs.set(job, [{ id: start.run, startedAt: at, endedAt: at, state: 'done', cancelled: false, summary: '' }]);
    }
    lastLook = at;
  }
  return starts;
}

const weekdayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const weekdaysOf: Readonly<Record<string, readonly number[]>> = { sun: [0], 'mon..fri': [1, 2, 3, 4, 5] };

/** One form: days of the week or of the month where it has any, hours, the minute. */
function formRead(text: string) {
  const words = text.split(' ');
  const [hoursText = '', minuteText = ''] = (words.at(-1) ?? '').split(':');
  const [day = ''] = words.length > 1 ? words : [];
  return {
    weekdays: weekdaysOf[day],
    dayOfMonth: day.startsWith('*-') ? Number(day.slice(2)) : undefined,
    hours: hoursText.split(',').map(Number),
    minute: Number(minuteText),
  };
}

function naive(count: number): number {
  const read = declared(count).map(({ schedule = '' }) => formRead(schedule));
  const wall = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  let starts = 0;
  for (let look = 0; look < hours; look += 1) {
    // Whole hours apart from UTC: the minutes of an hour are the same here and there.
    const parts = Object.fromEntries(
      wall.formatToParts(begin + look * hour + 1).map(({ type, value }) => [type, value]),
    );
    const [weekday, day, hourOfDay] = [
      weekdayNames.indexOf(parts['weekday'] ?? ''),
      Number(parts['day']),
      Number(parts['hour']),
    ];
    for (const one of read)
      for (let minute = 0; minute < 60; minute += 1) {
        // The first minute of the first hour is that of the first look: what is due then was due before it.
        if (look === 0 && minute === 0) continue;
        if (one.weekdays?.includes(weekday) === false) continue;
        if (one.dayOfMonth !== undefined && one.dayOfMonth !== day) continue;
        if (one.hours.includes(hourOfDay) && one.minute === minute) starts += 1;
      }
  }
  return starts;
}

/** What is not the same work is no comparison. */
function assertSameWork(): void {
  const [ours, theirs] = [stepped(jobs), naive(jobs)];
  if (ours !== theirs) throw new Error(`ours starts ${ours} runs in the year, the naive loop ${theirs}`);
}

export async function schedulesRows(): Promise<readonly Row[]> {
  assertSameWork();
  const { ours, peer } = await paired(
    5,
    () => timed(() => stepped(jobs)),
    () => timed(() => naive(jobs)),
  );
  const fewer: number[] = [];
  for (let round = 0; round < 5; round += 1) fewer.push(await timed(() => stepped(jobs / 10)));
  const tenth = median(fewer);
  return [
    {
      ...{ name: `a stepped year of ${jobs} jobs, ${hours.toLocaleString('en')} looks`, ratio: ours / peer, limit: 2 },
      ...{ ours: milliseconds(ours), peer: `hour by hour ${milliseconds(peer)}` },
      extra: `${Math.round((jobs * hours) / ours).toLocaleString('en')} decisions a ms`,
    },
    {
      ...{
        name: 'ten times the jobs of a year',
        ratio: ours / tenth,
        limit: 12,
        extra: `${jobs} against ${jobs / 10}`,
      },
      ...{ ours: milliseconds(ours), peer: `${jobs / 10}: ${milliseconds(tenth)}` },
    },
  ];
}
