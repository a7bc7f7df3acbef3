// 3.7 Redis and etcd: kill -9 of worker, supervisor and both at each kind of step, of a run, a restore in place and one beside.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEtcd } from '../../src/layers/etcd/server.test-support.ts';
import { startRedis } from '../../src/layers/redis/server.test-support.ts';
import type { Victim } from '../../test/e2e/estate.test-support.ts';
import { holds } from '../layers/holds.ts';
import { killedAt, victims } from '../layers/killed-run.ts';
import { leftOf, pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { etcdPicture, etcdPlace, fillEtcd } from './etcd-values.ts';
import { fillRedis, redisPicture, redisPlace, restorer } from './redis-values.ts';
import { asFile, live, newest, runOf, type StorePlace, unfinished } from './stores.ts';

type Store = Readonly<{
  place: StorePlace;
  data: string;
  picture(): string;
  /** something that the point has not */
  write(): void;
  restart(): void;
}>;

type Typed = Readonly<{ what: 'run' | 'restore' | 'beside'; typed: readonly string[]; step: string }>;

export async function proveStoresKills(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Redis and etcd, killed');
  await proveRedisKills(report, []);
  if (full) await proveRedisKills(report, ['appendonly yes']);
  await proveEtcdKills(report, full);
}

/** What lies in the folder that a restore beside has made, by its step. */
type Beside = Readonly<Record<string, string>>;

const inRun = ['look', 'look>dump', 'look>dump>prune-.*'];

async function proveRedisKills(report: Report, settings: readonly string[]): Promise<void> {
  const server = await startRedis({ settings: [restorer, ...settings] });
  const place = redisPlace(server, { keep: { keep_last: 1 } });
  try {
    fillRedis(server);
    const steps = [
      'stage',
      'safety',
      ...(settings.length === 0 ? ['save'] : []),
      'stop',
      'swap',
      'start',
      'compare',
      'settle',
    ];
    const store = {
      ...{ place, data: server.data, picture: () => redisPicture(server) },
      write: () => void server.cli('set', 'today', 'is new'),
      restart: () => {
        server.stop();
        server.start();
      },
    };
    await proveKills(report, `redis${settings.length === 0 ? '' : ', with a log of commands'}`, store, steps, {
      unpack: 'dump.rdb',
    });
  } finally {
    place.estate.close();
    server.close();
  }
}

/** Its steps are those of Redis but for two: without `full` each is killed once, in turn by one of the three. */
async function proveEtcdKills(report: Report, full: boolean): Promise<void> {
  const server = await startEtcd();
  const place = etcdPlace(server, { keep: { keep_last: 1 } });
  try {
    fillEtcd(server);
    const store = {
      ...{ place, data: server.data, picture: () => etcdPicture(server) },
      write: () => void server.ctl('put', 'today', 'is new'),
      restart: () => {
        server.stop();
        server.start();
      },
    };
    const steps = ['stage', 'safety', 'stop', 'swap', 'start', 'compare', 'settle'];
    await proveKills(report, 'etcd', store, steps, { unpack: 'snapshot.db', build: 'member' }, full);
  } finally {
    place.estate.close();
    server.close();
  }
}

async function proveKills(
  report: Report,
  name: string,
  store: Store,
  inPlace: readonly string[],
  beside: Beside,
  eachByAll = true,
): Promise<void> {
  const { place } = store;
  const target = join(place.estate.folder, 'beside');
  for (let run = 0; run < 2; run += 1) await place.estate.type(...runOf(place));
  const point = newest(place);
  const swept: Swept = { name, store, point, beside, target, good: store.picture() };
  sh(`cp -a '${join(place.copies, point)}' '${keptOf(swept)}'`);
  const all: readonly Typed[] = [
    ...inRun.map((step): Typed => ({ what: 'run', typed: runOf(place), step })),
    ...inPlace.map((step): Typed => ({ what: 'restore', typed: live(point), step })),
    ...Object.keys(beside).map((step): Typed => {
      const to = step === 'build' ? `data${target}` : target;
      return { what: 'beside', typed: asFile(point, to), step };
    }),
  ];
  let ledBack = 0;
  for (const [turn, typed] of all.entries()) {
    const inTurn = victims.filter((_, at) => at === turn % victims.length);
    for (const victim of eachByAll ? victims : inTurn)
      if ((await killOnce(report, swept, typed, victim)) !== 'done') ledBack += 1;
  }
  report.control(`kills of which none came before the end (${name})`, ledBack > 0);
  const planted = [join(place.copies, '.partial-planted'), join('/dev/shm', `.holdfast-planted-${process.pid}`)];
  const caught = planted.map((folder) => {
    mkdirSync(folder);
    const found = leftBy(`planted-${process.pid}`, store);
    rmSync(folder, { recursive: true });
    return found.length === 1;
  });
  report.control(`something that is left, and nobody looks there (${name})`, caught.every(Boolean));
  const whole = await place.estate.type(...live(point));
  report.control(
    `a store that no restore changes any more (${name})`,
    whole.status === 0 && store.picture() === swept.good,
  );
}

type Swept = Readonly<{ name: string; store: Store; point: string; beside: Beside; target: string; good: string }>;

/** The very point is put back where retention took it: each kill begins from the same. */
const keptOf = ({ store: { place }, point }: Pick<Swept, 'store' | 'point'>): string =>
  join(place.estate.folder, point);

async function killOnce(
  report: Report,
  { name, store, point, beside, target, good }: Swept,
  { what, typed, step }: Typed,
  victim: Victim,
): Promise<string | undefined> {
  const { place } = store;
  if (!pointsIn(place.copies).includes(point)) sh(`cp -a '${keptOf({ store, point })}' '${place.copies}'`);
  store.write();
  const today = store.picture();
  const { run, state, command } = await killedAt(place.estate, victim, new RegExp(`^${step}$`), typed);
  const left = leftBy(run, store);
  const now = store.picture();
  store.restart();
  const after = store.picture();
  // What it has let go of what was there before nobody leads back, whatever becomes of the run after that.
  const settled = place.estate.journal((_, entriesOf) =>
    entriesOf(run).some(({ event, path }) => event === 'done' && path === 'settle'),
  );
  const should = what === 'restore' && settled === true ? good : today;
  const lies = existsSync(target) ? readdirSync(target).join() : '';
  const ended = state === 'done' || state === 'aborted' || (what === 'run' && state === 'failed');
  report.row(
    `kill -9 of ${victim}, ${name}.${step.replace(/^look>/, '').replace(/^dump>prune.*/, 'prune')} of a ${what}: ${state}`,
    `${command}; holdfast cancel ${run}`,
    name.startsWith('redis') ? 'redis-cli: every key; ps, find' : 'etcdctl: every key; ps, find',
    holds(
      {
        'the run has its last word': ended,
        'all of before, or all of the point': now === should,
        'its disk has that, too': after === should,
        'a folder that is whole, or an empty one or none':
          what !== 'beside' || lies === beside[step] || (lies === '' && state !== 'done'),
        'nothing left': left.length === 0,
      },
      `state ${state}; beside: ${lies}; left: ${left.join(', ')}`,
    ),
  );
  rmSync(target, { recursive: true, force: true });
  if (now === good) store.write();
  return state;
}

/** Files to log in with lie in these; nothing of a run may stay anywhere. */
const common = ['/dev/shm', '/run', '/tmp', '/var/tmp'];

const leftBy = (run: string, { place, data }: Store): readonly string[] => [
  ...leftOf(run, [place.copies]),
  ...[place.copies, data, join(place.estate.folder, 'staging')].flatMap((folder) => unfinished(folder)),
  ...readdirSync(join(place.estate.folder, 'staging')),
  ...common.flatMap((folder) => readdirSync(folder).filter((name) => name.includes(run))),
];
