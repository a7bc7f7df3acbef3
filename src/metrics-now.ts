// What is known of an estate now, as figures. What runs did comes from the journal each time; the restore points and disks,
// which take a while to look at, from the last look, with its age. A look is remembered, so a restart changes no figure; what
// could not be read this time keeps what was last known of it.
import { jobHistories, neverRan } from './catalogue/job-history.ts';
import { readPoints } from './catalogue/read-points.ts';
import type { Holdfast } from './holdfast.ts';
import { jobsOf } from './jobs-of-estate.ts';
import { type LayerOfEstate, layersOf } from './layers-of-estate.ts';
import type { DiskFigures, Known, PointFigures } from './metrics/known.ts';
import { metricsOf } from './metrics/metrics.ts';
import type { Estate } from './model/estate.ts';
import type { MetricFamily, PushRecord } from './model/metric.ts';
import type { Json } from './values/canonical.ts';
import { type Duration, seconds } from './values/duration.ts';
import type { OpenWorld } from './world.ts';

export type Look = Readonly<{ points: readonly PointFigures[]; disks: readonly DiskFigures[] }>;

const remembered = 'metrics: what was last looked at';
const pushed = 'metrics: pushes';

/** A disk that hangs keeps nobody waiting for what is known of the others. */
const patience: Duration = seconds(60);

export function figuresNow(
  { look: lookInto, surroundings }: Pick<Holdfast, 'look' | 'surroundings'>,
  estate: Estate,
  look: Look,
  pushes: Known['pushes'],
): readonly MetricFamily[] {
  const jobs = jobsOf(estate, surroundings.clock.now());
  return metricsOf({
    ...{ version: surroundings.version, ...look, pushes },
    jobs: lookInto(estate.name, (journal) => jobHistories(journal, jobs)) ?? jobs.map(neverRan),
  });
}

export const lastLook = (world: OpenWorld): Look =>
  (world.recall(remembered)?.value as unknown as Look | undefined) ?? { points: [], disks: [] };

export const keepLook = (world: OpenWorld, look: Look): void => world.remember(remembered, look as unknown as Json);

export const pushesOf = (world: OpenWorld): Known['pushes'] =>
  (world.recall(pushed)?.value as unknown as Known['pushes'] | undefined) ?? {};

export const keepPush = (world: OpenWorld, channel: string, record: PushRecord): void =>
  world.remember(pushed, { ...pushesOf(world), [channel]: record } as unknown as Json);

/** Looks at the restore points and the disks of every layer. */
export async function lookNow(world: OpenWorld, estate: Estate): Promise<Look> {
  const before = lastLook(world);
  const looked = await Promise.all(layersOf(estate).map((one) => looking(world, one, before)));
  return { points: looked.flatMap(({ points }) => points), disks: looked.flatMap(({ disks }) => disks) };
}

async function looking(world: OpenWorld, one: LayerOfEstate, before: Look): Promise<Look> {
  const { name } = one.entry;
  const places = one.layer.destinations(one.entry);
  const known: Look = {
    points: before.points.filter(({ layer }) => layer === name),
    disks: before.disks.filter((disk) =>
      places.some((place) => place.machine === disk.machine && place.folder === disk.folder),
    ),
  };
  const over = new AbortController();
  const late = world.clock.sleep(patience, over.signal).then(
    () => known,
    () => known,
  );
  try {
    return await Promise.race([late, lookingAt(world, one, known)]);
  } finally {
    over.abort();
  }
}

async function lookingAt(world: OpenWorld, one: LayerOfEstate, known: Look): Promise<Look> {
  const [of] = await readPoints([one], world);
  const disks = await Promise.all(
    one.layer.destinations(one.entry).map(async ({ machine, folder }): Promise<DiskFigures | undefined> => {
      try {
        const { free, total } = await world.machine(machine).files.space(folder);
        return { machine, folder, free, total, at: world.clock.now() };
      } catch {
        return known.disks.find((disk) => disk.machine === machine && disk.folder === folder);
      }
    }),
  );
  if (of === undefined || of.unread !== undefined)
    return { points: known.points, disks: disks.filter((disk) => disk !== undefined) };
  const { layer, kind, points, remarks, readAt } = of;
  // They sort as text, and come oldest first; but that is for the layer to keep, and a figure must not hang on it.
  const newest = points
    .map(({ manifest }) => manifest.takenAt)
    .toSorted()
    .at(-1);
  const figures = { layer, kind, points: points.length, newest, remarks: remarks.length, at: readAt };
  return { points: [figures], disks: disks.filter((disk) => disk !== undefined) };
}
