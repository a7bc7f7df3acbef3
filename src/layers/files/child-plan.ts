// What is done once it is known what there is: one step for each volume or folder, each of which fails alone. Pure.
import type { FaultRecord } from '../../fault.ts';
import type { ItemResults } from '../../model/item-results.ts';
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { type Instant, parseInstant, type SinceBoot } from '../../values/instant.ts';
import { ref } from '../../values/ref.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { count } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, pointId } from '../common/points/places.ts';
import { isOf } from '../common/points/source.ts';
import { itemOfTree, keyOfTree, labelOfTree, refOfTree } from '../common/sources/source.ts';
import type { FilesEntry } from './schema.ts';
import { asExcludedItem, type Source, workloadOf } from './source.ts';

export type Item = Readonly<{
  source: Source;
  luksKeys: readonly SecretReference[] | undefined;
  problem: FaultRecord | undefined;
}>;

export type Seen = Readonly<{
  entry: FilesEntry;
  timeZone: string;
  /** in the order in which they are copied */
  items: readonly Item[];
  points: readonly RestorePoint[];
  run: RunId;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
}>;

export function childPlan(seen: Seen): ChildPlan {
  const { entry, items } = seen;
  const steps = items.map((item) => copyStep(seen, item));
  const problems = items.filter(({ problem }) => problem !== undefined).length;
  const because = [
    `there ${items.length === 1 ? 'is' : 'are'} ${count(items.length, items[0]?.source.of ?? 'folder')} to copy`,
  ];
  if (problems > 0)
    because.push(`${problems} of them cannot be opened: each says so in its step, the others are copied`);
  const notes = [...items.flatMap((item) => notesOn(entry, item)), ...orphans(seen), ...expired(seen)];
  return { because, steps, notes, afterFailure: 'alone', itemResults: expectedOf(entry, items) };
}

const stepId = (source: Source): string => `copy-${itemOfTree(source)}`;

function copyStep({ entry, timeZone, run, now, sinceBoot }: Seen, { source, luksKeys, problem }: Item): Step {
  const of = source.of === 'volume' ? { at: parseInstant(source.taken) ?? now, boot: source.since_boot } : undefined;
  const takenAt = of?.at ?? now;
  const device = source.of === 'volume' ? [lane(entry.machine, `/dev/${source.volume.vg}/${source.volume.lv}`)] : [];
  return {
    id: stepId(source),
    kind: 'files.copy',
    subject: refOfTree(source, entry),
    act: 'do',
    title: `copy the files of ${labelOfTree(source)} into a restore point`,
    because:
      problem === undefined
        ? [of === undefined ? 'they are read where they are' : `its newest sealed snapshot is of ${takenAt}`]
        : [problem.says],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, entry.to), ...device],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({
      ...{ entry, timeZone, source, id: pointId(takenAt, run, itemOfTree(source)), takenAt },
      ...{ since_boot: of === undefined ? sinceBoot : of.boot, luks_keys: luksKeys, problem },
    }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(30),
  };
}

const notesOn = (entry: FilesEntry, { source, problem }: Item): readonly Note[] =>
  problem === undefined
    ? []
    : [{ subject: refOfTree(source, entry), level: 'warning', says: `${labelOfTree(source)}: ${problem.says}` }];

/** Points of sources that are not there any more: nobody's retention touches them, so somebody must know of them. */
function orphans({ entry, items, points }: Seen): readonly Note[] {
  const keys = items.map(({ source }) => keyOfTree(source, entry));
  const left = points.filter(({ manifest }) => !keys.some((key) => isOf(manifest, key)));
  return [...new Set(left.map(({ manifest }) => manifest.workload))].map((workload) => ({
    subject: ref('layer', entry.name),
    level: 'warning',
    says: `there are restore points of ${workload}, and nothing to copy of it any more: they stay until somebody removes them by hand`,
  }));
}

const expired = ({ entry, now }: Seen): readonly Note[] =>
  (entry.exclude ?? [])
    .filter(({ review_by }) => review_by < now.slice(0, 10))
    .map(({ path, owner, review_by }) => ({
      subject: ref('layer', entry.name),
      level: 'warning',
      says: `leaving out ${path} was to be looked at again by ${review_by} (${owner}): it still holds`,
    }));

const expectedOf = (entry: FilesEntry, items: readonly Item[]): ItemResults => ({
  expected: items.map(({ source, problem }) => ({
    ...{ name: labelOfTree(source), workload: workloadOf(source, entry), step: stepId(source) },
    ...(problem === undefined ? {} : { says: problem.says }),
  })),
  excluded: (entry.exclude ?? []).map((one) => asExcludedItem(one, entry)),
});
