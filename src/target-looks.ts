// One look at where copies lie: a folder's disk, a pool as LVM told of it, a datastore as its PBS tells. Nothing is changed; what does not
// answer is unknown, and keeps nobody waiting.
import { dirname } from 'node:path';
import { asFault } from './fault.ts';
import { inTime, patience } from './in-time.ts';
import { isMounted } from './layers/common/mounted.ts';
import type { Machine } from './machines/machine.ts';
import type { Estate } from './model/estate.ts';
import type { JobHistory } from './model/job-history.ts';
import type { Carrier, RouteTarget } from './model/route.ts';
import { datastoreUsage } from './proxmox/pbs.ts';
import { legsOf } from './routes/follow.ts';
import type { Sample } from './routes/observed-growth.ts';
import type { Surroundings } from './routes/place.ts';
import type { TargetLook } from './routes/targets.ts';
import { targetText } from './routes/words.ts';
import { samplesOf } from './space-samples.ts';
import { formatDuration } from './values/duration.ts';
import type { Instant } from './values/instant.ts';
import { shown } from './values/text.ts';
import type { OpenWorld } from './world.ts';

export type Aimed = Readonly<{ target: RouteTarget; layers: readonly string[] }>;

export function targetsIn(carriers: readonly Carrier[]): readonly Aimed[] {
  const byTarget = Map.groupBy(legsOf(carriers), ({ route: { writes } }) => JSON.stringify(writes));
  return [...byTarget.values()].flatMap((legs) => {
    const [first] = legs;
    return first === undefined ? [] : [{ target: first.route.writes, layers: legs.map(({ carrier }) => carrier) }];
  });
}

export type Looked = Pick<TargetLook, 'says' | 'layers' | 'unit' | 'space' | 'samples' | 'fullAt'> &
  Readonly<{ target: RouteTarget; disk: string | undefined }>;

export async function lookAt(world: OpenWorld, estate: Estate, aimed: Aimed, now: Instant): Promise<Looked> {
  const { target } = aimed;
  const about = aboutOf(aimed);
  const unknown = (says: string): Looked => unseen(aimed, says);
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

const aboutOf = ({ target, layers }: Aimed) =>
  ({ target, says: targetText(target), layers, unit: 'bytes', samples: [], disk: undefined }) as const;
const unseen = (aimed: Aimed, says: string): Looked => ({
  ...aboutOf(aimed),
  space: { unknown: `how full it is: ${says}` },
});

/** As a run saw it last; nothing is asked. */
export function lastSeen(world: Pick<OpenWorld, 'recall'>, aimed: Aimed): Looked {
  const { target } = aimed;
  const samples = target.what === 'folder' ? samplesOf(world, target.on, target.at) : [];
  const last = samples.at(-1);
  if (target.what !== 'folder' || last === undefined) return unseen(aimed, 'no run has looked at it yet');
  const space = { free: last.total - last.used, total: last.total, at: last.at };
  return {
    ...aboutOf(aimed),
    space,
    samples,
    disk: target.disk === undefined ? undefined : `${target.on} ${target.disk}`,
  };
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
export function withPools(
  place: Looked,
  histories: readonly JobHistory[],
  world: Pick<OpenWorld, 'recall'>,
): readonly Looked[] {
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
function poolSamples(world: Pick<OpenWorld, 'recall'>, target: RouteTarget & { what: 'volumes' }): readonly Sample[] {
  const found = world.recall(`lvm-pool/${target.on}/${target.in}`)?.value as unknown as
    | readonly PoolSample[]
    | undefined;
  return (found ?? []).map(({ at, data, metadata }) => ({ at, used: Math.max(data, metadata), total: 100 }));
}

/** Folders on one disk fill it together. */
export function grouped(
  places: readonly Looked[],
  { hostOf }: Surroundings,
): readonly (readonly [Looked, ...Looked[]])[] {
  const keyOf = ({ disk, target, says }: Looked): string => {
    if (disk === undefined || target.what !== 'folder') return disk ?? says;
    const [, device] = disk.split(' ');
    return `${hostOf(target.on)} ${device}`;
  };
  return [...Map.groupBy(places, keyOf).values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : [[first, ...more]],
  );
}
