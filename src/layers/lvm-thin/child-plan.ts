// What is to be done with the volumes that were found: a step for those of each workload, what waits longest first. Pure.
import type { ExcludedItem, ExpectedItem, ItemResults, PoolFigures } from '../../model/item-results.ts';
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { type Duration, formatDuration, minutes } from '../../values/duration.ts';
import type { Instant } from '../../values/instant.ts';
import { count, shown } from '../../values/text.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { asGiven } from '../common/given.ts';
import { allLanes, oneLane } from '../common/lvm/lanes.ts';
import { originWord } from '../common/lvm/names.ts';
import { policyText, restorePointOf, type Snapshot, volumeRef } from '../common/lvm/snapshots.ts';
import type { Tags } from '../common/lvm/tags.ts';
import { decidePruning } from '../common/points/prune-decision.ts';
import type { Discovered, Found } from './discovery.ts';
import type { Group } from './groups.ts';
import { wordsOf } from './notes.ts';
import { poolRef } from './protect.ts';
import type { LvmThinEntry } from './schema.ts';
import { thereIsRoom } from './snapshot.ts';

export type Seen = Readonly<{
  entry: LvmThinEntry;
  timeZone: string;
  run: RunId;
  now: Instant;
  sealed: readonly Snapshot[];
  discovered: Discovered;
  groups: readonly Group[];
  notes: readonly Note[];
  figures: PoolFigures;
}>;

export function childPlan(seen: Seen): ChildPlan {
  const { entry, groups, discovered, notes } = seen;
  const steps = groups.map((group, nth) => snapshotStep(seen, group, nth));
  return {
    because: [
      `${count(discovered.protect.length, 'volume')} of ${entry.volume_group}/${entry.pool} to protect, ${discovered.excluded.length} excluded`,
    ],
    steps,
    notes,
    afterFailure: 'alone',
    itemResults: itemResultsOf(seen, steps),
  };
}

export const itemOf = (found: Found): Readonly<{ name: string; workload: string }> => ({
  name: found.name,
  workload: found.claim ?? found.volume.name,
});

function itemResultsOf({ discovered, groups, figures }: Seen, steps: readonly Step[]): ItemResults {
  const expected = groups.flatMap(({ volumes }, nth): ExpectedItem[] =>
    volumes.map((found) => ({ ...itemOf(found), step: steps[nth]?.id })),
  );
  const held = discovered.heldBack.map(
    (found): ExpectedItem => ({
      ...itemOf(found),
      says: 'left alone: the cluster is silent, and it might belong to an excluded namespace',
    }),
  );
  const excluded = discovered.excluded.map(
    ({ found, exclusion }): ExcludedItem => ({
      ...itemOf(found),
      because: `${wordsOf(exclusion)} is excluded: ${exclusion.reason} (${exclusion.owner}, until ${exclusion.review_by})`,
    }),
  );
  return { expected: [...expected, ...held], excluded, pools: [figures] };
}

function snapshotStep(seen: Seen, { volumes, users, together, oldest }: Group, nth: number): Step {
  const { entry } = seen;
  const [first] = volumes;
  if (first === undefined) throw new Error('a group without a volume');
  const { machine, volume_group: vg, pool, data_at_most, metadata_at_most, one_moment } = entry;
  const hold = holdOf(entry);
  const names = volumes.map(({ name }) => shown(name)).join(', ');
  return {
    id: `snapshot-${first.volume.name}`,
    kind: 'lvm-thin.snapshot',
    subject: volumeRef(machine, vg, first.volume.name),
    act: 'do',
    title: !together
      ? `snapshot ${names}`
      : `snapshot ${names}, ${one_moment === 'never' ? 'one straight after another' : 'in one moment'}`,
    because: [
      waiting(volumes.length, oldest),
      ...(!together ? [] : [`they are used together by ${users.map(shown).join(', ')}`]),
      ...(!together || one_moment === 'never'
        ? []
        : [
            `whoever writes them (the guest that has them) stands still meanwhile, for ${formatDuration(hold)} at most`,
          ]),
    ],
    changes: [],
    after: [],
    lanes: together ? allLanes(machine, vg) : oneLane(machine, vg, nth),
    risk: 'adds',
    needs: [],
    expects: [{ subject: poolRef(entry), says: 'the pool has room', digest: thereIsRoom }],
    given: asGiven({
      ...{
        layer: entry.name,
        machine,
        vg,
        pool,
        data_at_most,
        metadata_at_most,
        one_moment,
        hold_at_most: hold,
        together,
      },
      volumes: volumes.map((found) => ({
        ...{ lv: found.volume.name, uuid: found.volume.uuid, bytes: found.volume.bytes, ...itemOf(found) },
        tags: tagsFor(seen, found),
      })),
    }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(15),
  };
}

function waiting(volumes: number, oldest: Instant | undefined): string {
  if (volumes === 1)
    return oldest === undefined ? 'it has no restore point yet' : `its newest restore point is of ${oldest}`;
  return oldest === undefined
    ? 'one of them has no restore point yet'
    : `what waits longest of them has one of ${oldest}`;
}

function holdOf({ hold_at_most }: LvmThinEntry): Duration {
  const span = parseTimeSpan(hold_at_most);
  if (typeof span !== 'number') throw new Error(`hold_at_most ${hold_at_most} was read as a time span`);
  return span;
}

function tagsFor({ entry, timeZone, run, now, sealed }: Seen, found: Found): Tags {
  const { volume, line, claim, cluster } = found;
  const points = sealed.filter((one) => one.line === line).map((one) => restorePointOf(entry.machine, one));
  const fresh = { id: originWord(volume.uuid), takenAt: now, run, source: {} };
  // Points are under the policy that let the last ones go: where a shorter one would remove too many, that is still the former.
  const { policy } = decidePruning(entry, points, fresh, timeZone);
  return {
    workload: claim ?? volume.name,
    origin: volume.name,
    originUuid: volume.uuid,
    volume: cluster?.handle ?? `${volume.vg}/${volume.name}`,
    ...(line === volume.uuid ? {} : { line }),
    ...(claim === undefined ? {} : { claim }),
    ...(cluster?.storage_class === null || cluster === undefined ? {} : { storageClass: cluster.storage_class }),
    policy: policyText(policy ?? entry.keep),
  };
}
