// What is done once it is known what there is: one step for each volume or folder, each of which fails alone. Pure.
import type { FaultRecord } from '../../fault.ts';
import type { ItemResults } from '../../model/item-results.ts';
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { type Instant, parseInstant, type SinceBoot } from '../../values/instant.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { count } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, pointId } from '../common/points/places.ts';
import { isOf } from '../common/points/source.ts';
import type { CopyingEntry, DatabaseExclusion } from './schema.ts';
import { itemOf, keyOf, labelOf, type Source, sourceRef, workloadOf } from './source.ts';

export type Item = Readonly<{
  source: Source;
  luksKeys: readonly SecretReference[] | undefined;
  problem: FaultRecord | undefined;
}>;

export type Seen = Readonly<{
  entry: CopyingEntry;
  timeZone: string;
  /** in the order in which they are copied */
  items: readonly Item[];
  points: readonly RestorePoint[];
  run: RunId;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
}>;

export function childPlan(seen: Seen): ChildPlan {
  const { entry, items, now } = seen;
  const steps = items.map((item) => copyStep(seen, item));
  const problems = items.filter(({ problem }) => problem !== undefined).length;
  const because = [`there ${items.length === 1 ? 'is' : 'are'} ${count(items.length, what(items))} to look into`];
  if (problems > 0)
    because.push(`${problems} of them cannot be opened: each says so in its step, the others are copied`);
  const notes = [...items.flatMap((item) => notesOn(entry, item)), ...orphans(seen), ...expired(entry, now)];
  return { because, steps, notes, afterFailure: 'alone', itemResults: expectedOf(entry, items) };
}

const what = (items: readonly Item[]): string => (items[0]?.source.of === 'volume' ? 'volume' : 'folder');
const stepId = (source: Source): string => ['copy', itemOf(source) ?? []].flat().join('-');

function copyStep({ entry, timeZone, run, now, sinceBoot }: Seen, { source, luksKeys, problem }: Item): Step {
  const subject = sourceRef(source, entry);
  const of = source.of === 'volume' ? { at: parseInstant(source.taken) ?? now, boot: source.since_boot } : undefined;
  const takenAt = of?.at ?? now;
  const device = source.of === 'volume' ? [lane(entry.machine, `/dev/${source.volume.vg}/${source.volume.lv}`)] : [];
  return {
    id: stepId(source),
    kind: 'sqlite.copy',
    subject,
    act: 'do',
    title: `copy the databases of ${labelOf(source)} into a restore point`,
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
      ...{ entry, timeZone, source, id: pointId(takenAt, run, itemOf(source)), takenAt },
      ...{ since_boot: of === undefined ? sinceBoot : of.boot, luks_keys: luksKeys, problem },
    }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(30),
  };
}

const notesOn = (entry: CopyingEntry, { source, problem }: Item): readonly Note[] =>
  problem === undefined
    ? []
    : [{ subject: sourceRef(source, entry), level: 'warning', says: `${labelOf(source)}: ${problem.says}` }];

/** Points of volumes that have no snapshot any more: nobody's retention touches them, so somebody must know of them. */
function orphans({ entry, items, points }: Seen): readonly Note[] {
  const keys = items.map(({ source }) => keyOf(source, entry));
  const left = points.filter(({ manifest }) => !keys.some((key) => isOf(manifest, key)));
  const workloads = [
    ...new Set(
      left.map(({ manifest }) => String(manifest.source['claim'] ?? manifest.source['lv'] ?? manifest.workload)),
    ),
  ];
  return workloads.map((workload) => ({
    subject: sourceRef(items[0]?.source ?? { of: 'folder', folder: '/' }, entry),
    level: 'warning',
    says: `there are restore points of ${workload}, and nothing to copy of it any more: they stay until somebody removes them by hand`,
  }));
}

const expired = (entry: CopyingEntry, now: Instant): readonly Note[] =>
  (entry.exclude ?? []).filter(({ review_by }) => review_by < now.slice(0, 10)).map((one) => expiry(entry, one));

const expiry = (entry: CopyingEntry, { database, owner, review_by }: DatabaseExclusion): Note => ({
  subject: sourceRef({ of: 'folder', folder: entry.to }, entry),
  level: 'warning',
  says: `leaving out ${database} was to be looked at again by ${review_by} (${owner}): it still holds`,
});

/** A volume stands for its databases: which those are, only its copy tells. */
function expectedOf(entry: CopyingEntry, items: readonly Item[]): ItemResults {
  return {
    expected: items.map(({ source, problem }) => ({
      ...{ name: labelOf(source), workload: workloadOf(source, entry), step: stepId(source) },
      ...(problem === undefined ? {} : { says: problem.says }),
    })),
    excluded: (entry.exclude ?? []).map(({ database, workload, reason, owner }) => ({
      ...{ name: database, workload: workload ?? entry.workload, because: `${reason} (${owner})` },
    })),
  };
}
