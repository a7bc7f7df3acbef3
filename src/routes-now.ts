// The routes of an estate as they stand: as declared, with what the journal says of the last runs. Nothing is contacted.
import { jobHistories, neverRan } from './catalogue/job-history.ts';
import type { Holdfast } from './holdfast.ts';
import { jobsOf } from './jobs-of-estate.ts';
import type { Estate } from './model/estate.ts';
import type { JobHistory } from './model/job-history.ts';
import type { Carrier } from './model/route.ts';
import { surroundingsIn } from './routes/place.ts';
import { judgeRoutes, type Routed } from './routes/routes.ts';
import { carriersOf } from './routes-of-estate.ts';
import { formatDay } from './values/calendar-date.ts';
import { epochSeconds, type Instant } from './values/instant.ts';
import { parseTimeZone, utc } from './values/time-zone.ts';
import { wallSecondsAt } from './values/time-zone-wall.ts';

export type RoutesNow = Readonly<{
  at: Instant;
  carriers: readonly Carrier[];
  histories: readonly JobHistory[];
  routed: Routed;
}>;

export function routesDeclared(holdfast: Pick<Holdfast, 'look' | 'surroundings'>, estate: Estate): RoutesNow {
  const at = holdfast.surroundings.clock.now();
  const carriers = carriersOf(estate);
  const histories = historiesOf(holdfast, estate, at);
  const zone = parseTimeZone(estate.time_zone) ?? utc;
  const routed = judgeRoutes({
    ...{ carriers, around: surroundingsIn(estate), workloads: estate.workloads, exclusions: estate.exclusions },
    servers: estate.pve.map(({ name }) => name),
    histories,
    today: formatDay(Math.floor(wallSecondsAt(epochSeconds(at), zone) / 86_400)),
  });
  return { at, carriers, histories, routed };
}

export function historiesOf({ look }: Pick<Holdfast, 'look'>, estate: Estate, at: Instant): readonly JobHistory[] {
  const jobs = jobsOf(estate, at);
  return look(estate.name, (journal) => jobHistories(journal, jobs)) ?? jobs.map(neverRan);
}
