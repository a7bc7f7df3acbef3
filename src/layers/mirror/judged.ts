// The content of what a run brings is judged before it is put in place. A point is judged against the one before it, since only that
// one lies there; a suspicion is numbered by the newest point that is known to be fine, so that one approval covers all that came of it.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { digestOf } from '../../values/canonical.ts';
import type { Amount } from '../common/judgement/amount.ts';
import { plantedOf, troubledCanaries } from '../common/judgement/canaries/canaries.ts';
import { judgeGeneration } from '../common/judgement/generation.ts';
import type { Evidence } from '../common/judgement/judge.ts';
import { complaintsOf, type Judged, judgedAs } from '../common/judgement/record.ts';
import type { Standing } from '../common/judgement/standing.ts';
import { thresholdsOf } from '../common/judgement/thresholds.ts';
import { isBelow, type MirrorPlace } from './places.ts';
import { changesOf, type Going, stays } from './went-through.ts';

export type Canaries = Evidence['canaries'];

/** On the share itself. Those that are planted or taken away meanwhile say nothing, and neither do those that are left out. */
export async function canariesIn({ source, entry }: MirrorPlace, { world, signal }: StepContext): Promise<Canaries> {
  const planted = plantedOf(world, entry.name);
  if (planted === undefined || planted.folder !== entry.from.folder) return [];
  const isOut = (path: string) => entry.exclude.some((one) => path === one.path || isBelow(path, one.path));
  const paths = planted.paths.filter((path) => !isOut(path));
  const found = await troubledCanaries({ machine: source, tree: planted.folder, signal }, { ...planted, paths });
  const still = plantedOf(world, entry.name);
  return still !== undefined && digestOf(still) === digestOf(planted) ? found : [];
}

/** @param before what is in the mirror; undefined on the first run */
export async function judgedContent(
  going: Going,
  before: Readonly<{ newest: RestorePoint; mirrored: Amount; standing: Standing }> | undefined,
  canaries: Canaries,
  context: StepContext,
): Promise<Judged> {
  const { machine, entry, root, work, tree } = going.place;
  const of = [entry.name, { folder: entry.from.folder }];
  const against = before && {
    ...{ point: before.newest.manifest.id, tree, same: stays(before.mirrored, going) },
    changes: changesOf(going, context.signal),
  };
  const generation = { machine, of, base: against, tree: join(root, work, 'new'), canaries };
  const judged = await judgeGeneration({ ...generation, thresholds: thresholdsOf(entry.judgement) }, context);
  const since = before?.standing.base?.manifest.id;
  return judged.verdict === 'suspicious' ? judgedAs(judged, since ?? judged.against ?? undefined, of) : judged;
}

/** What makes the run degraded for as long as a suspicion stands: each number once, as its newest point shows it. */
export function suspicionsIn({ suspicious }: Standing): readonly string[] {
  const newest = new Map(suspicious.map(({ judged }) => [judged.suspicion, judged]));
  return [...newest.values()].flatMap((judged) => complaintsOf(judged, 'it is approved (`suspicious_approved`)'));
}

/** Files that were displaced since the newest point that is fine, while a suspicion stands: they count in the budget of all runs since. */
export function displacedSince(points: readonly RestorePoint[], { suspicious }: Standing): number {
  const [first] = suspicious;
  return (first === undefined ? [] : points.slice(points.indexOf(first.point))).reduce(
    (sum, { manifest: { counts } }) => sum + (counts['removed'] ?? 0) + (counts['overwritten'] ?? 0),
    0,
  );
}
