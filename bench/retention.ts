// Which of 100,000 restore points go, each with its reason: in one group and in 1,000 groups of 100, against a bare sort and a
// structuredClone of the same points; and ten times the points in at most 12 times the time.
import { spawnSync } from 'node:child_process';
import { instantAt } from '../src/values/instant.ts';
import type { Keep } from '../src/values/retention.ts';
import { decideRetention, type RetentionPoint } from '../src/values/retention-decide.ts';
import { parseTimeZone, utc } from '../src/values/time-zone.ts';
import { median, milliseconds, type Row, timed } from './bench.ts';

const keep: Keep = {
  ...{ keep_last: 3, keep_hourly: 24, keep_daily: 7, keep_weekly: 4, keep_monthly: 12, keep_yearly: 3 },
};
const newest = Date.UTC(2026, 6, 15, 10);
const hour = 3_600_000;
const many = 100_000;

type Group = readonly RetentionPoint[];

/** One point an hour, in no order; some unfinished, some protected. */
const group = (count: number): Group =>
  Array.from({ length: count }, (_, index) => ({
    id: `vm/100/${index}`,
    takenAt: instantAt(newest - ((index * 7919) % count) * hour),
    finished: index % 50 !== 0,
    protected: index % 97 === 0,
  }));
const groups = (number: number, count: number): readonly Group[] => Array.from({ length: number }, () => group(count));

const berlin = parseTimeZone('Europe/Berlin') ?? utc;

function decideAll(all: readonly Group[]): void {
  let removed = 0;
  for (const points of all)
    for (const { verdict, because } of decideRetention(points, keep, berlin))
      if (verdict === 'remove' && because !== '') removed += 1;
  if (removed === 0) throw new Error('nothing was removed');
}

function copyAndSort(all: readonly Group[]): void {
  for (const points of all)
    structuredClone(points)
      .toSorted((one, other) => (one.takenAt < other.takenAt ? 1 : one.takenAt > other.takenAt ? -1 : 0))
      .at(0);
}

type Round = Readonly<{ one: number; onePeer: number; tenth: number; groups: number; groupsPeer: number }>;
type Measured = Round & Readonly<{ growth: number }>;

/** What another row left behind is cleared up before, and not while this one is measured. */
async function alone(work: () => unknown): Promise<number> {
  globalThis.gc?.();
  return await timed(work);
}

/** All in turn, so that a machine that slows down slows them alike; the first round warms up. */
async function measured(): Promise<Measured> {
  // Ten groups of a tenth: one alone is over before the memory it used has to be cleared up, which then falls to another.
  const [one, tenths, small] = [groups(1, many), groups(10, many / 10), groups(1000, many / 1000)];
  const rounds: Round[] = [];
  for (let round = 0; round < 16; round += 1)
    rounds.push({
      onePeer: await alone(() => copyAndSort(one)),
      one: await alone(() => decideAll(one)),
      tenth: (await alone(() => decideAll(tenths))) / tenths.length,
      groups: await alone(() => decideAll(small)),
      groupsPeer: await alone(() => copyAndSort(small)),
    });
  const of = (name: keyof Round) => median(rounds.slice(1).map((round) => round[name]));
  return {
    ...{ one: of('one'), onePeer: of('onePeer'), tenth: of('tenth') },
    ...{ groups: of('groups'), groupsPeer: of('groupsPeer') },
    // Round by round, so that a burst of other work on this machine touches both or neither.
    growth: median(rounds.slice(1).map((round) => round.one / round.tenth)),
  };
}

const perSecond = (spent: number): string =>
  `${(Math.round(many / spent) * 1000).toLocaleString('en')} points a second, with reasons`;

/** In a process of its own: what other benches left in memory is not measured. */
export function retentionRows(): readonly Row[] {
  const ended = spawnSync(process.execPath, [...process.execArgv, '--expose-gc', import.meta.filename], {
    encoding: 'utf8',
  });
  if (ended.status !== 0) throw new Error(`measuring retention ended with ${ended.status}: ${ended.stderr}`);
  const all = JSON.parse(ended.stdout) as Measured;
  const peer = (spent: number): string => `clone and sort ${milliseconds(spent)}`;
  return [
    {
      ...{ name: 'retention over one group of 100,000', ratio: all.one / all.onePeer, limit: 2 },
      ...{ ours: milliseconds(all.one), peer: peer(all.onePeer), extra: perSecond(all.one) },
    },
    {
      ...{ name: 'retention over 1,000 groups of 100', ratio: all.groups / all.groupsPeer, limit: 2.5 },
      ...{ ours: milliseconds(all.groups), peer: peer(all.groupsPeer), extra: perSecond(all.groups) },
    },
    {
      ...{ name: 'ten times the points', ratio: all.growth, limit: 12, extra: '100,000 against 10,000' },
      ...{ ours: milliseconds(all.one), peer: `10,000: ${milliseconds(all.tenth)}` },
    },
  ];
}

if (process.argv[1] === import.meta.filename) process.stdout.write(JSON.stringify(await measured()));
