// A layer's run and a restore are plans like any other: made by the layer, carried out by the one engine. Pure.
import type { LayerKind, Planned, RestoreWish } from '../contracts/layer.ts';
import type { LayerEntry } from '../model/estate.ts';
import { makePlan, type Plan } from '../model/plan.ts';
import { isPutAway, type RestorePoint } from '../model/restore-point.ts';
import type { Step } from '../model/step.ts';
import { digestOf, type Json } from '../values/canonical.ts';
import { epochMilliseconds, type Instant } from '../values/instant.ts';
import { count } from '../values/text.ts';

export type LayerPlanning = Readonly<{
  estate: string;
  timeZone: string;
  now: Instant;
  layers: readonly LayerEntry[];
}>;

export function planOfRun(planning: LayerPlanning, layer: LayerKind, entry: LayerEntry): Plan {
  const planned = layer.protect(entry, planning);
  return wrapped(planning, `run:${entry.name}`, planned, digestOf(entry), 'keep');
}

/** A backup job's run: its steps come from the guests' own layer. */
export function planOfJob(planning: LayerPlanning, name: string, job: unknown, steps: readonly Step[]): Plan {
  return wrapped(planning, `run:${name}`, { steps, notes: [], refusals: [] }, digestOf(job), 'keep');
}

/** Of canaries: planting is led back where it fails, and what is removed stays removed. */
export const planOfCanaries = (planning: LayerPlanning, entry: LayerEntry, planned: Planned): Plan =>
  wrapped(planning, `canaries:${entry.name}`, planned, digestOf(entry), 'lead back');

export function planOfRestore(
  planning: LayerPlanning,
  layer: LayerKind,
  entry: LayerEntry,
  wish: RestoreWish,
  scouted?: Json,
): Plan {
  const planned = layer.restore(entry, wish, planning, scouted);
  return wrapped(
    planning,
    `restore:${wish.point.manifest.workload}`,
    planned,
    digestOf([wish.target ?? null, wish.point.manifest, ...(wish.only === undefined ? [] : [wish.only])]),
    'lead back',
  );
}

function wrapped(
  { estate, now }: LayerPlanning,
  job: string,
  { steps, notes, refusals }: Planned,
  desired: string,
  afterFailure: Plan['afterFailure'],
): Plan {
  const observed = digestOf(steps.flatMap((step) => step.expects));
  return makePlan({ estate, job, madeAt: now, desired, observed, steps, notes, refusals, unchanged: 0, afterFailure });
}

/** One way back, and why it stands where it stands among the others. */
export type RestoreOption = Readonly<{ point: RestorePoint; because: string }>;

/**
 * The newest point first, of those from before the loss; points taken after it may hold the damage. What a restore has put away comes
 * last, however new it is: most often it is the damage itself.
 */
export function rankPoints(points: readonly RestorePoint[], lostAt: Instant | undefined): readonly RestoreOption[] {
  const usable = points
    .filter(({ manifest }) => lostAt === undefined || manifest.takenAt <= lostAt)
    .toSorted((one, other) => epochMilliseconds(other.manifest.takenAt) - epochMilliseconds(one.manifest.takenAt));
  const putAway = usable.filter(isPutAway);
  const regular = usable.filter((point) => !isPutAway(point));
  return [
    ...regular.map((point, index) => ({ point, because: orderInWords(index, lostAt) })),
    ...putAway.map((point) => ({ point, because: 'what a restore has put away, to take it back' })),
  ];
}

function orderInWords(index: number, lostAt: Instant | undefined): string {
  if (index > 0) return `older by ${count(index, 'point')}`;
  return lostAt === undefined ? 'the newest point' : `the newest point from before ${lostAt}`;
}
