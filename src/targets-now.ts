// Every disk that copies lie on, as it is now. It changes nothing; what does not answer is unknown, and keeps nobody waiting.
import { dirname } from 'node:path';
import { readPoints } from './catalogue/read-points.ts';
import { asFault } from './fault.ts';
import type { Holdfast } from './holdfast.ts';
import { isMounted } from './layers/common/mounted.ts';
import { layersOf } from './layers-of-estate.ts';
import type { Machine } from './machines/machine.ts';
import type { Estate } from './model/estate.ts';
import type { JobHistory } from './model/job-history.ts';
import type { Carrier, RouteTarget } from './model/route.ts';
import { feeds } from './model/route-graph.ts';
import { datastoreUsage } from './proxmox/pbs.ts';
import { legsOf } from './routes/follow.ts';
import type { Sample } from './routes/observed-growth.ts';
import { type Surroundings, surroundingsIn } from './routes/place.ts';
import type { PointsToCount } from './routes/series.ts';
import { judgeTarget, type Target, type TargetLook } from './routes/targets.ts';
import { targetText } from './routes/words.ts';
import { historiesOf } from './routes-now.ts';
import { samplesOf } from './space-samples.ts';
import { type Duration, formatDuration, seconds } from './values/duration.ts';
import type { Instant } from './values/instant.ts';
import { shown } from './values/text.ts';
import { parseTimeZone, utc } from './values/time-zone.ts';
import type { OpenWorld } from './world.ts';

export async function targetsNow(
  holdfast: Pick<Holdfast, 'look' | 'surroundings'>,
  world: OpenWorld,
  estate: Estate,
  carriers: readonly Carrier[],
): Promise<readonly Target[]> {
  const now = world.clock.now();
  const zone = parseTimeZone(estate.time_zone) ?? utc;
  const read = await pointsOf(world, estate);
  const around = surroundingsIn(estate);
  const places = await Promise.all(targetsIn(carriers).map((one) => looked(world, estate, one, now)));
  const histories = historiesOf(holdfast, estate, now);
  const elsewhere = elsewhereOf(carriers, around);
  return grouped(
    places.flatMap((place) => withPools(place, histories, world)),
    around,
  ).map((all) => {
    const [first] = all;
    const layers = [...new Set(all.flatMap((one) => one.layers))];
    const own = read.filter(({ layer }) => layers.includes(layer));
    const look: TargetLook = {
      ...{ says: all.map(({ says }) => says).join(', '), layers, unit: first.unit, space: first.space },
      ...(first.fullAt === undefined ? {} : { fullAt: first.fullAt }),
      samples: all.map(({ samples }) => samples).toSorted((one, other) => other.length - one.length)[0] ?? [],
      points: own.flatMap(({ counted }) => counted ?? []),
      unread: own.flatMap(({ layer, unread }) => (unread === undefined ? [] : [{ layer, says: unread }])),
      elsewhere,
    };
    return judgeTarget(look, now, zone);
  });
}

type Read = Readonly<{ layer: string; counted?: PointsToCount; unread?: string }>;

async function pointsOf(world: OpenWorld, estate: Estate): Promise<readonly Read[]> {
  return Promise.all(
    layersOf(estate).map(async (one): Promise<Read> => {
      const { layer, entry } = one;
      const [of] = await inTime(world, readPoints([one], world), []);
      if (of === undefined) return { layer: entry.name, unread: `no answer within ${formatDuration(patience)}` };
      if (of.unread !== undefined) return { layer: entry.name, unread: of.unread.says };
      const seriesOf: PointsToCount['seriesOf'] = (point) => layer.series?.(point) ?? point.manifest.workload;
      return { layer: entry.name, counted: { layer: entry.name, keep: entry.keep, points: of.points, seriesOf } };
    }),
  );
}

/** A disk that hangs keeps nobody waiting for the others. */
const patience: Duration = seconds(60);

async function inTime<Result>(world: OpenWorld, asked: Promise<Result>, late: Result): Promise<Result> {
  const over = new AbortController();
  const waited = world.clock.sleep(patience, over.signal).then(
    () => late,
    () => late,
  );
  try {
    return await Promise.race([asked, waited]);
  } finally {
    over.abort();
  }
}

type Aimed = Readonly<{ target: RouteTarget; layers: readonly string[] }>;

function targetsIn(carriers: readonly Carrier[]): readonly Aimed[] {
  const byTarget = Map.groupBy(legsOf(carriers), ({ route: { writes } }) => JSON.stringify(writes));
  return [...byTarget.values()].flatMap((legs) => {
    const [first] = legs;
    return first === undefined ? [] : [{ target: first.route.writes, layers: legs.map(({ carrier }) => carrier) }];
  });
}

type Looked = Pick<TargetLook, 'says' | 'layers' | 'unit' | 'space' | 'samples' | 'fullAt'> &
  Readonly<{ target: RouteTarget; disk: string | undefined }>;

async function looked(world: OpenWorld, estate: Estate, { target, layers }: Aimed, now: Instant): Promise<Looked> {
  const about = { target, says: targetText(target), layers, unit: 'bytes', samples: [], disk: undefined } as const;
  const unknown = (says: string): Looked => ({ ...about, space: { unknown: `how full it is: ${says}` } });
  const late = unknown(`no answer within ${formatDuration(patience)}`);
  switch (target.what) {
    case 'remote':
      return unknown('Holdfast does not ask a remote');
    case 'storage':
      return unknown('the estate does not say what is behind it');
    case 'volumes':
      return unknown('no run has looked at the pool yet');
    case 'datastore':
      return inTime(
        world,
        lookAtDatastore(world, estate, target, now).then((seen) => ({ ...about, ...seen }), saying(unknown)),
        late,
      );
    case 'folder':
      return inTime(
        world,
        lookAtFolder(world, target, now).then((seen) => ({ ...about, ...seen }), saying(unknown)),
        late,
      );
  }
}

const saying =
  (unknown: (says: string) => Looked) =>
  (error: unknown): Looked =>
    unknown(asFault(error, 'target').says);

type Seen = Pick<Looked, 'space' | 'samples' | 'disk'> & Partial<Pick<Looked, 'fullAt'>>;

async function lookAtFolder(
  world: OpenWorld,
  { on, at, disk }: RouteTarget & { what: 'folder' },
  now: Instant,
): Promise<Seen> {
  const machine = world.machine(on);
  if (disk !== undefined && !(await isMounted(machine, disk)))
    return { space: { unknown: `how full it is: nothing is mounted at ${shown(disk)}` }, samples: [], disk: undefined };
  const there = await nearest(machine, at);
  const { free, total } = await machine.files.space(there);
  const device = (await machine.files.info(there))?.device;
  return { space: { free, total, at: now }, samples: samplesOf(world, on, at), disk: `${on} ${device}` };
}

async function nearest(machine: Machine, folder: string): Promise<string> {
  let candidate = folder;
  while ((await machine.files.info(candidate)) === undefined && dirname(candidate) !== candidate)
    candidate = dirname(candidate);
  return candidate;
}

async function lookAtDatastore(
  world: OpenWorld,
  { pbs }: Estate,
  { on, at }: RouteTarget & { what: 'datastore' },
  now: Instant,
): Promise<Seen> {
  const unknown = (says: string): Seen => ({
    space: { unknown: `how full it is: ${says}` },
    samples: [],
    disk: undefined,
  });
  if (on === undefined || !pbs.some(({ name }) => name === on)) return unknown('the estate does not have that PBS');
  const store = at.split('/')[0] ?? at;
  const usage = (await datastoreUsage(await world.server(on, 'observe'))).find((one) => one.store === store);
  if (usage?.total === undefined || usage.available === undefined)
    return unknown(usage?.error ?? 'the server does not say it to this login');
  return {
    ...{ space: { free: usage.available, total: usage.total, at: now }, samples: [], disk: `${on} ${store}` },
    fullAt: usage.fullAt ?? null,
  };
}

/** What LVM said when a run last looked. The snapshots of a pool are not its only content, so its own figures are what counts. */
function withPools(place: Looked, histories: readonly JobHistory[], world: OpenWorld): readonly Looked[] {
  const { target } = place;
  if (target.what !== 'volumes') return [place];
  const seen = histories.flatMap(({ figures }) =>
    (figures?.pools ?? []).map((pool) => ({ ...pool, at: figures?.at as Instant })),
  );
  const own = seen
    .filter(({ machine, volumeGroup, pool }) => machine === target.on && `${volumeGroup}/${pool}` === target.in)
    .toSorted((one, other) => (one.at < other.at ? 1 : -1))[0];
  if (own === undefined) return [place];
  const used = Math.max(own.dataPercent, own.metadataPercent);
  const samples = poolSamples(world, target);
  return [{ ...place, unit: 'percent', space: { free: 100 - used, total: 100, at: own.at }, samples }];
}

type PoolSample = Readonly<{ at: Instant; data: number; metadata: number }>;

/** As runs of `lvm-thin` remember them. */
function poolSamples(world: OpenWorld, target: RouteTarget & { what: 'volumes' }): readonly Sample[] {
  const found = world.recall(`lvm-pool/${target.on}/${target.in}`)?.value as unknown as
    | readonly PoolSample[]
    | undefined;
  return (found ?? []).map(({ at, data, metadata }) => ({ at, used: Math.max(data, metadata), total: 100 }));
}

/** Folders on one disk fill it together. */
function grouped(places: readonly Looked[], { hostOf }: Surroundings): readonly (readonly [Looked, ...Looked[]])[] {
  const keyOf = ({ disk, target, says }: Looked): string => {
    if (disk === undefined || target.what !== 'folder') return disk ?? says;
    const [, device] = disk.split(' ');
    return `${hostOf(target.on)} ${device}`;
  };
  return [...Map.groupBy(places, keyOf).values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [[first, ...more]],
  );
}

/** Which layers' points lie elsewhere, too. */
function elsewhereOf(
  carriers: readonly Carrier[],
  { hostOf }: Surroundings,
): Readonly<Record<string, readonly string[]>> {
  const legs = legsOf(carriers);
  return Object.fromEntries(
    carriers.map(({ name }) => {
      const own = legs.filter(({ carrier }) => carrier === name);
      const further = legs.filter(
        (leg) =>
          leg.carrier !== name &&
          leg.route.carries === 'everything' &&
          leg.route.reads.some((source) => own.some((from) => feeds(from, source, hostOf) === 'whole')),
      );
      return [name, [...new Set(further.map(({ carrier }) => carrier))]];
    }),
  );
}
