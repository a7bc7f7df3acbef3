// 3.10: `holdfast serve` on days that clocks make longer or shorter, after a stop, after a stepped clock, and where a job waits for
// another one.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { database } from '../../../src/layers/common/sqlite/databases.test-support.ts';
import { type Estate, until } from '../../../test/e2e/estate.test-support.ts';
import type { Report } from '../../report.ts';
import { tried } from '../place.ts';
import { at, scheduled, unlessFaked } from './at.ts';

const runsOf = (estate: Estate): readonly Readonly<{ job: string; at: string; state: string }>[] =>
  estate.journal((runs) =>
    runs.map((run) => ({ job: run.job.replace(/^run:/, ''), at: run.startedAt, state: run.state })),
  ) ?? [];

/** The daemon from a moment on, until what is waited for has come, and a while more in which nothing else may. */
async function watched(estate: Estate, moment: string, come: () => boolean, longer = 0): Promise<string> {
  const daemon = at(estate, moment).start('serve', '--no-metrics');
  try {
    await until(
      'its word that it watches',
      () => /watch/i.test(daemon.output()) && daemon.process.exitCode === null,
      3,
    );
    await until(`what is due after ${moment}`, come, 4);
    await pause(longer);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${daemon.output().slice(-800)}`);
  } finally {
    daemon.process.kill('SIGTERM');
    await daemon.ended;
  }
  return daemon.output();
}

const nobody = () => true;
// A look comes within a minute of what is due; here what is due comes within seconds of the start.
const whileMore = 20_000;

export async function proveDaemon(report: Report): Promise<void> {
  report.section('3.10 The daemon: days of 23 and 25 hours, stops, stepped clocks, what waits for what');
  const unless = unlessFaked();
  if (unless !== false) return report.skip('3.10 the daemon', unless);
  await proveShortDay(report);
  await proveLongDay(report);
  await proveAfter(report);
}

async function proveShortDay(report: Report): Promise<void> {
  const estate = scheduled({ nightly: 'schedule: "02:30"' }, 'Europe/Berlin');
  try {
    await watched(estate, '2026-03-29 00:59:45', () => runsOf(estate)[0]?.state === 'done');
    await watched(estate, '2026-03-29 01:29:50', nobody, whileMore);
    const onDay = runsOf(estate);
    const { says } = tried('env', ['TZ=Europe/Berlin', 'date', '-d', '2026-03-29 02:30']);
    report.row(
      '3.10 the hour that is left out in spring: 02:30 runs where it ends, once',
      "faketime '2026-03-29 00:59:45' holdfast serve",
      'date: there is no 02:30 in Berlin on that day; the journal',
      (/invalid date/.test(says) && onDay.length === 1 && (onDay[0]?.at.startsWith('2026-03-29T01:0') ?? false)) ||
        new Error(JSON.stringify(onDay)),
    );
    await watched(
      estate,
      '2026-04-02 12:00:00',
      () => runsOf(estate).filter(({ state }) => state === 'done').length === 2,
      whileMore,
    );
    const { stdout } = await at(estate, '2026-04-02 12:01:00').type('jobs', '--json');
    const [job] = (JSON.parse(stdout) as { jobs: readonly { missed: readonly { count: number }[] }[] }).jobs;
    report.row(
      '3.10 four nights in which nothing watched are made up for by one run, and written down',
      "faketime '2026-04-02 12:00:00' holdfast serve; holdfast jobs --json",
      'the journal',
      (runsOf(estate).length === 2 && (job?.missed.reduce((sum, { count }) => sum + count, 0) ?? 0) >= 4) ||
        new Error(`${JSON.stringify(runsOf(estate))} ${stdout}`),
    );
    await watched(estate, '2026-04-01 12:00:00', nobody, whileMore);
    const back = runsOf(estate).length;
    await watched(estate, '2036-04-02 12:00:00', () => runsOf(estate).length === 3, whileMore);
    report.row(
      '3.10 a clock put back runs nothing again; one ten years ahead makes up for one run, not for thousands',
      "faketime '2026-04-01 …' holdfast serve; faketime '2036-04-02 …' holdfast serve",
      'the journal',
      (back === 2 && runsOf(estate).length === 3) || new Error(JSON.stringify(runsOf(estate))),
    );
    await watched(estate, '2026-04-03 00:29:45', () => runsOf(estate).length === 4);
    report.control('a daemon that a clock years ahead has silenced', runsOf(estate).length === 4);
  } finally {
    estate.close();
  }
}

async function proveLongDay(report: Report): Promise<void> {
  const estate = scheduled({ nightly: 'schedule: "02:30"' }, 'Europe/Berlin');
  try {
    await watched(estate, '2026-10-25 00:29:45', () => runsOf(estate)[0]?.state === 'done');
    await watched(estate, '2026-10-25 01:29:50', nobody, whileMore);
    const { says } = tried('env', ['TZ=Europe/Berlin', 'date', '-d', '@1792891800', '+%H:%M']);
    report.row(
      '3.10 the hour that is shown twice in autumn: 02:30 runs in its first showing, and not again',
      "faketime '2026-10-25 00:29:45' holdfast serve",
      'date: it is 02:30 in Berlin again at 01:30Z; the journal',
      (says.trim() === '02:30' &&
        runsOf(estate).length === 1 &&
        (runsOf(estate)[0]?.at.startsWith('2026-10-25T00:3') ?? false)) ||
        new Error(`${says} ${JSON.stringify(runsOf(estate))}`),
    );
    await watched(estate, '2026-10-26 01:29:45', () => runsOf(estate).length === 2);
    report.control('a night after it that is lost', runsOf(estate)[0]?.at.startsWith('2026-10-26T01:3') ?? false);
  } finally {
    estate.close();
  }
}

async function proveAfter(report: Report): Promise<void> {
  const estate = scheduled({ first: 'schedule: "02:00"', second: 'after: [{ job: first, needs: done }]' });
  const file = join(estate.folder, 'data', 'first.db');
  try {
    rmSync(file);
    await watched(
      estate,
      '2026-05-05 01:59:45',
      () => runsOf(estate).some(({ job, state }) => job === 'first' && state !== 'running'),
      whileMore,
    );
    const moment = '2026-05-05 02:05:00';
    const { stdout } = await at(estate, moment).type('jobs');
    report.row(
      '3.10 what comes after a job that failed does not run, and says what it waits for',
      "faketime '2026-05-05 01:59:45' holdfast serve; holdfast jobs",
      'the journal',
      (runsOf(estate).every(({ job }) => job === 'first') && /waits for first/.test(stdout)) ||
        new Error(`${JSON.stringify(runsOf(estate))}\n${stdout}`),
    );
    database(file, 5);
    await at(estate, moment).type('run', 'first', '--now');
    await watched(
      estate,
      '2026-05-05 02:06:00',
      () => runsOf(estate)[0]?.job === 'second' && runsOf(estate)[0]?.state === 'done',
      whileMore,
    );
    report.row(
      '3.10 once it was run by hand, what waits for it starts, once',
      'holdfast run first --now; holdfast serve',
      'the journal',
      runsOf(estate).filter(({ job }) => job === 'second').length === 1 || new Error(JSON.stringify(runsOf(estate))),
    );
    report.control(
      'a job after another one that began before it',
      (runsOf(estate)[0]?.at ?? '') > (runsOf(estate)[1]?.at ?? 'x'),
    );
  } finally {
    estate.close();
  }
}
