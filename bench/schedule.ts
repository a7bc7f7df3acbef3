// The next 10,000 times of several calendar events, against `systemd-analyze calendar` as a whole process. Ours is measured in
// a new process each time, so that nothing is remembered from before; what starting Node costs is not in it (start.ts).
import { spawnSync } from 'node:child_process';
import { isCalendarProblem } from '../src/values/calendar.ts';
import { nextEvent } from '../src/values/calendar-next.ts';
import { parseCalendar } from '../src/values/calendar-parse.ts';
import { type Instant, instantAt } from '../src/values/instant.ts';
import { parseTimeZone } from '../src/values/time-zone.ts';
import { median, milliseconds, paired, type Row, timed, timedCommand } from './bench.ts';

// Both read these alike, and in both the 10,000th comes before the year 2200, where systemd ends.
const events = ['02:30', '*:0/15', 'mon..sat 21:00', 'mon..fri 8..17,22:0/15', '*-1..7 3:00'];
const zones = ['UTC', 'Europe/Berlin'];
const count = 10_000;
const begin = instantAt(Date.UTC(2026, 6, 15, 10, 1));
const rounds = 7;

function follow(text: string, zoneName: string, times: number): Instant {
  const event = parseCalendar(text);
  const zone = parseTimeZone(zoneName);
  if (isCalendarProblem(event) || zone === undefined) throw new Error(`${text} in ${zoneName} cannot be read`);
  let at = begin;
  for (let index = 0; index < times; index += 1) {
    const next = nextEvent(event, at, zone);
    if (next === undefined) throw new Error(`${text} ended after ${index} times`);
    at = next;
  }
  return at;
}

const followAll = (zone: string, times: number): Instant[] => events.map((text) => follow(text, zone, times));

function ownProcess(what: string): unknown {
  const ended = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, what], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`${what} ended with ${ended.status}: ${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

const systemd = (zone: string): readonly string[] => [
  ...['env', `TZ=${zone}`, 'LC_ALL=C', 'systemd-analyze', 'calendar', `--iterations=${count}`],
  ...[`--base-time=${begin.slice(0, 19).replace('T', ' ')} UTC`, ...events],
];

/** What is not the same work is no comparison: both must end at the same times. */
function assertSameWork(): void {
  const [program = '', ...rest] = systemd('UTC');
  const { stdout } = spawnSync(program, rest, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const theirs = [...stdout.matchAll(/#10000: \w{3} (\S+) (\S+) UTC$/gm)].map(([, day, time]) => `${day}T${time}.000Z`);
  const ours = followAll('UTC', count);
  if (theirs.join() !== ours.join())
    throw new Error(`ours end at ${ours.join()}, those of systemd at ${theirs.join()}`);
}

const perSecond = (spent: number): string =>
  `${(Math.round((count * events.length) / spent) * 1000).toLocaleString('en')} a second`;

export async function scheduleRows(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  if (spawnSync('systemd-analyze', ['--version']).status !== 0)
    console.error('the comparison with systemd is left out: systemd-analyze is not installed');
  else {
    assertSameWork();
    for (const zone of zones) {
      const { ours, peer } = await paired(
        rounds,
        () => Number(ownProcess(zone)),
        () => timedCommand(systemd(zone)),
      );
      rows.push({
        ...{ name: `next 10,000 times of ${events.length} events, ${zone}`, ratio: ours / peer, limit: 1 },
        ...{ ours: milliseconds(ours), peer: `systemd-analyze ${milliseconds(peer)}`, extra: perSecond(ours) },
      });
    }
  }
  return [...rows, growthRow(ownProcess('growth') as Growth)];
}

type Growth = Readonly<{ ours: number; tenth: number }>;

const growthRow = ({ ours, tenth }: Growth): Row => ({
  ...{ name: 'ten times the calendar events', ratio: ours / tenth, limit: 12, extra: '10,000 against 1,000' },
  ...{ ours: milliseconds(ours), peer: `1,000: ${milliseconds(tenth)}` },
});

/** In turn, and warm: what compiling costs would hide the growth. */
async function growth(): Promise<Growth> {
  const measured: Growth[] = [];
  for (let round = 0; round < rounds + 1; round += 1)
    measured.push({
      ours: await timed(() => zones.map((zone) => followAll(zone, count))),
      tenth: await timed(() => zones.map((zone) => followAll(zone, count / 10))),
    });
  const of = (name: keyof Growth) => median(measured.slice(1).map((round) => round[name]));
  return { ours: of('ours'), tenth: of('tenth') };
}

if (process.argv[1] === import.meta.filename) {
  const [, , what = ''] = process.argv;
  const answer = what === 'growth' ? await growth() : await timed(() => followAll(what, count));
  process.stdout.write(JSON.stringify(answer));
}
