// The step `lvm-thin.retain`: reads once more what there is, says which volumes are without a fresh snapshot, and brings the plan of
// what goes. Nothing is believed of the steps before it: LVM is asked.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { ItemResult } from '../../model/item-results.ts';
import type { Note } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';
import { formatDuration, minutes } from '../../values/duration.ts';
import { between, type Instant } from '../../values/instant.ts';
import { count } from '../../values/text.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { asGiven, givenOf } from '../common/given.ts';
import { oneLane } from '../common/lvm/lanes.ts';
import { listVolumes } from '../common/lvm/list.ts';
import type { Volume } from '../common/lvm/report.ts';
import { pointRef, type Snapshot, snapshotsIn } from '../common/lvm/snapshots.ts';
import { itemOf } from './child-plan.ts';
import { figuresOf, poolIn } from './discover.ts';
import { type Discovered, discover } from './discovery.ts';
import { daysToFull, withSample } from './forecast.ts';
import { discoverGiven } from './given.ts';
import { recallCluster } from './inventory.ts';
import { onRows, some } from './notes.ts';
import { poolRef } from './protect.ts';
import { resultOf } from './result-of.ts';
import { decideRetention, type Removal } from './retain-decision.ts';
import type { LvmThinEntry } from './schema.ts';
import { sweepSteps } from './sweep.ts';

export const retainKind: StepKind = {
  name: 'lvm-thin.retain',

  observe: async () => '',

  do: async (context): Promise<Done> => {
    const { entry, timeZone } = givenOf(discoverGiven, context.step);
    const { world, run, signal } = context;
    const volumes = await listVolumes(world.machine(entry.machine), entry.volume_group, signal);
    const asked = recallCluster(world, entry.kubernetes, silentIn(context));
    const now = world.clock.now();
    const { sealed } = snapshotsIn(volumes, entry.name);
    const discovered = discover({ entry, volumes, asked, sealed, now });
    const figures = figuresOf(entry, poolIn(entry, volumes));
    const days = forecast(context, entry, { at: now, data: figures.dataPercent, metadata: figures.metadataPercent });
    const items = lateItems(entry, discovered, sealed, run, now);
    const { remove, remarks } = decideRetention(entry, sealed, everyFound(discovered), run, timeZone);
    const subject = poolRef(entry);
    const notes: Note[] = [...remarks, ...onRows(entry, sealed, run)].map((remark) => ({ subject, ...remark }));
    if (days !== undefined && days <= 30)
      notes.push({
        subject,
        level: 'warning',
        says: `if it goes on growing as it did, it is full in ${count(days, 'day')}`,
      });
    const steps = [
      ...remove.map((one, nth) => pruneStep(entry, one, volumes, nth)),
      ...sweepSteps(entry, volumes, run, now),
    ];
    const result = resultOf({ entry, asked, discovered, sealed, now, days, itemResults: { items, pools: [figures] } });
    const because = [`${count(sealed.length, 'point')}, of which ${remove.length} may go`];
    return {
      result: result as unknown as Json,
      ...(steps.length + notes.length === 0 ? {} : { expands: { because, steps, notes, afterFailure: 'alone' } }),
      degraded: missingOf(items, discovered.protect.length + discovered.heldBack.length),
    };
  },

  probe: async () => ({ answer: 'not done', evidence: 'nothing is taken while it is decided what may go' }),
};

const everyFound = ({ protect, excluded, heldBack }: Discovered) => [
  ...protect,
  ...heldBack,
  ...excluded.map(({ found }) => found),
];

/** Whether the cluster was silent when this run asked it: what is remembered is then of an earlier one. */
function silentIn({ results }: StepContext): string | undefined {
  const found = results.get('discover') as
    | Readonly<{ cluster?: Readonly<{ silent?: string | null }> | null }>
    | null
    | undefined;
  return found?.cluster?.silent ?? undefined;
}

function forecast(
  { world }: StepContext,
  entry: LvmThinEntry,
  now: Readonly<{ at: Instant; data: number; metadata: number }>,
) {
  const memory = `lvm-pool/${entry.machine}/${entry.volume_group}/${entry.pool}`;
  const samples = withSample(world.recall(memory)?.value, now);
  world.remember(
    memory,
    samples.map((one) => ({ ...one })),
  );
  return daysToFull(samples);
}

function lateItems(
  entry: LvmThinEntry,
  { protect, heldBack }: Discovered,
  sealed: readonly Snapshot[],
  run: string,
  now: Instant,
): readonly ItemResult[] {
  const byLine = Map.groupBy(sealed, ({ line }) => line);
  return [...protect, ...heldBack].flatMap((found): ItemResult[] => {
    const points = byLine.get(found.line) ?? [];
    const says = whyLate(entry, points, run, now);
    return says === undefined ? [] : [{ ...itemOf(found), done: false, says, takenAt: points.at(-1)?.taken }];
  });
}

/** @param points of one volume, oldest first */
function whyLate(
  { expect_within }: LvmThinEntry,
  points: readonly Snapshot[],
  run: string,
  now: Instant,
): string | undefined {
  const newest = points.at(-1);
  if (newest === undefined) return 'it has no restore point';
  const age = between(newest.taken, now);
  const limit = expect_within === undefined ? undefined : parseTimeSpan(expect_within);
  const fine = typeof limit === 'number' ? age <= limit : points.some((one) => one.run === run);
  return fine ? undefined : `its newest restore point is ${formatDuration(age)} old`;
}

const missingOf = (items: readonly ItemResult[], expected: number): readonly string[] =>
  items.length === 0
    ? []
    : [
        `${items.length} of ${count(expected, 'volume')} without a fresh restore point: ${some(items.map(({ name, says }) => `${name}, ${says}`))}`,
      ];

function pruneStep(
  entry: LvmThinEntry,
  { snapshot, beside, because }: Removal,
  volumes: readonly Volume[],
  nth: number,
): Step {
  const { name: layer, machine, volume_group: vg } = entry;
  const tags = volumes.find(({ uuid }) => uuid === snapshot.uuid)?.tags ?? [];
  return {
    id: `prune-${snapshot.lv}`,
    kind: 'lvm-thin.remove',
    subject: pointRef(layer, snapshot.point),
    act: 'remove',
    title: `remove restore point ${snapshot.point} of ${snapshot.claim ?? snapshot.origin}`,
    because: [because],
    changes: [],
    after: [],
    lanes: oneLane(machine, vg, nth),
    risk: 'loses a restore point',
    needs: [],
    expects: [],
    given: asGiven({ layer, machine, vg, lv: snapshot.lv, uuid: snapshot.uuid, tags, beside: beside.uuid }),
    wayBack: 'one-way',
    expands: false,
    patience: minutes(15),
  };
}
