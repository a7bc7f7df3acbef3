// Every disk that copies lie on, judged: as it is now, or as it was last seen. It changes nothing.
import { readPoints } from './catalogue/read-points.ts';
import type { Holdfast } from './holdfast.ts';
import { inTime, patience } from './in-time.ts';
import { layersOf } from './layers-of-estate.ts';
import type { Estate } from './model/estate.ts';
import type { JobHistory } from './model/job-history.ts';
import type { Carrier } from './model/route.ts';
import { feeds } from './model/route-graph.ts';
import { legsOf } from './routes/follow.ts';
import { type Surroundings, surroundingsIn } from './routes/place.ts';
import type { PointsToCount } from './routes/series.ts';
import { judgeTarget, type Target } from './routes/targets.ts';
import { historiesOf } from './routes-now.ts';
import { grouped, type Looked, lastSeen, lookAt, targetsIn, withPools } from './target-looks.ts';
import { formatDuration } from './values/duration.ts';
import type { Instant } from './values/instant.ts';
import { parseTimeZone, utc } from './values/time-zone.ts';
import type { OpenWorld } from './world.ts';

/** Looks at each, and at all points. */
export async function targetsNow(
  holdfast: Pick<Holdfast, 'look' | 'surroundings'>,
  world: OpenWorld,
  estate: Estate,
  carriers: readonly Carrier[],
): Promise<readonly Target[]> {
  const now = world.clock.now();
  const read = await pointsOf(world, estate);
  const places = await Promise.all(targetsIn(carriers).map((one) => lookAt(world, estate, one, now)));
  const histories = historiesOf(holdfast, estate, now);
  return judged(
    places.flatMap((place) => withPools(place, histories, world)),
    read,
    estate,
    carriers,
    now,
  );
}

/** From what runs have noted. Without the points only what was seen tells how a disk fills. */
export function targetsSeen(
  world: Pick<OpenWorld, 'recall'>,
  estate: Estate,
  carriers: readonly Carrier[],
  histories: readonly JobHistory[],
  now: Instant,
): readonly Target[] {
  const places = targetsIn(carriers).map((one) => lastSeen(world, one));
  return judged(
    places.flatMap((place) => withPools(place, histories, world)),
    [],
    estate,
    carriers,
    now,
  );
}

function judged(
  places: readonly Looked[],
  read: readonly Read[],
  estate: Estate,
  carriers: readonly Carrier[],
  now: Instant,
): readonly Target[] {
  const zone = parseTimeZone(estate.time_zone) ?? utc;
  const around = surroundingsIn(estate);
  const elsewhere = elsewhereOf(carriers, around);
  return grouped(places, around).map((all) => {
    const [first] = all;
    const layers = [...new Set(all.flatMap((one) => one.layers))];
    const own = read.filter(({ layer }) => layers.includes(layer));
    return judgeTarget(
      {
        ...{ says: all.map(({ says }) => says).join(', '), layers, unit: first.unit, space: first.space },
        ...(first.fullAt === undefined ? {} : { fullAt: first.fullAt }),
        samples: all.map(({ samples }) => samples).toSorted((one, other) => other.length - one.length)[0] ?? [],
        points: own.flatMap(({ counted }) => counted ?? []),
        unread: own.flatMap(({ layer, unread }) => (unread === undefined ? [] : [{ layer, says: unread }])),
        elsewhere,
      },
      now,
      zone,
    );
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
