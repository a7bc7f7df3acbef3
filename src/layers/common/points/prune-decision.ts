// Which restore points may go, and why; and what makes nobody remove any. Pure.
import type { PointId, RestorePoint } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import { formatDuration, hours, milliseconds } from '../../../values/duration.ts';
import { between, type Instant, type SinceBoot } from '../../../values/instant.ts';
import { compareKeep, type Keep, keepSchema } from '../../../values/retention.ts';
import { decideRetention } from '../../../values/retention-decide.ts';
import { count } from '../../../values/text.ts';
import type { TimeZone } from '../../../values/time-zone.ts';
import type { PointEntry } from './entry.ts';
import { sinceBootOf } from './since-boot.ts';
import { isOf, type SourceKey } from './source.ts';

export type Fresh = Readonly<{
  id: PointId;
  takenAt: Instant;
  source: SourceKey;
  /** whose own points of other sources say nothing of the clock: they were made beside this one */
  run: RunId;
  /** when it is taken by the count that nobody can step; absent where there is none */
  sinceBoot?: SinceBoot | undefined;
}>;

export type Removal = Readonly<{ point: RestorePoint; because: string }>;

export type Pruning = Readonly<{
  /** the policy that the points are under now: the declared one, or the one before where that would have removed too many */
  policy: Keep | undefined;
  remove: readonly Removal[];
  remarks: readonly Readonly<{ level: 'info' | 'warning'; says: string }>[];
}>;

/** @param known the policy that they were under, where it is not the one in the manifest of the newest */
export function decidePruning(
  entry: Pick<PointEntry, 'keep' | 'prune_at_most'>,
  points: readonly RestorePoint[],
  fresh: Fresh,
  timeZone: string,
  known?: Readonly<{ before: Keep | undefined }>,
): Pruning {
  const ofThisSource = points.filter(({ manifest }) => isOf(manifest, fresh.source));
  const earlier = points.filter(({ manifest }) => manifest.run !== fresh.run);
  const ahead = earlier.find(({ manifest }) => manifest.takenAt >= fresh.takenAt);
  const before = known === undefined ? policyOf(ofThisSource) : known.before;
  const jumped = clockJumped(earlier, fresh);
  if (ahead !== undefined) return { policy: before, remove: [], remarks: [clockBehind(ahead, fresh)] };
  if (jumped !== undefined) return { policy: before, remove: [], remarks: [jumped] };
  const remove = removable(entry, ofThisSource, fresh, timeZone);
  if (isNotTightened(before, entry.keep))
    return { policy: entry.keep, remove: remove.slice(0, entry.prune_at_most), remarks: [] };
  const refusal = overBudget(entry, remove.length, ofThisSource.length);
  if (refusal !== undefined) return { policy: before, remove: [], remarks: [refusal] };
  return { policy: entry.keep, remove, remarks: [] };
}

/** The policy of the newest point, as its manifest has it. */
function policyOf(points: readonly RestorePoint[]): Keep | undefined {
  const newest = points.toSorted((one, other) => (one.manifest.takenAt < other.manifest.takenAt ? 1 : -1))[0];
  const parsed = keepSchema.safeParse(newest?.manifest.details['policy']);
  return parsed.success ? parsed.data : undefined;
}

/** What is over then is what interrupted runs had left to do, and no budget may keep that for ever. */
const isNotTightened = (before: Keep | undefined, now: Keep): boolean =>
  before !== undefined && ['same', 'longer'].includes(compareKeep(before, now));

function removable(
  { keep }: Pick<PointEntry, 'keep'>,
  points: readonly RestorePoint[],
  fresh: Fresh,
  timeZone: string,
): Pruning['remove'] {
  const candidates = [
    ...points.map((point) => ({
      id: point.manifest.id,
      takenAt: point.manifest.takenAt,
      finished: true,
      held: point.held,
      point,
    })),
    { id: fresh.id, takenAt: fresh.takenAt, finished: true, held: undefined, point: undefined },
  ];
  return decideRetention(candidates, keep, timeZone as TimeZone, { lastGood: true })
    .flatMap(({ point: { point }, verdict, because }) =>
      verdict === 'remove' && point !== undefined ? [{ point, because }] : [],
    )
    .toReversed();
}

/** Deletion above the budget stops: a wrong `keep` would otherwise empty the folder in one night. */
function overBudget(
  { prune_at_most }: Pick<PointEntry, 'prune_at_most'>,
  removals: number,
  points: number,
): Pruning['remarks'][number] | undefined {
  const budget = prune_at_most ?? Math.max(1, Math.floor(points / 10));
  if (removals <= budget) return undefined;
  const says =
    `retention would remove ${removals} of ${count(points, 'point')} at once, and ${budget} may go in one run: ` +
    `nothing is removed. If that is right, set \`prune_at_most: ${removals}\` on the layer for one run`;
  return { level: 'warning', says };
}

const clockBehind = ({ manifest }: RestorePoint, { takenAt }: Fresh): Pruning['remarks'][number] => ({
  level: 'warning',
  says:
    `the clock says ${takenAt}, and the point ${manifest.id} was taken at ${manifest.takenAt}: nothing is removed ` +
    'until the clock is past it. Set the clock right; if that point is wrong, move its folder away',
});

/** Retention goes by time: where the wall clock was moved since the newest point of this start of the machine, nobody knows which. */
function clockJumped(
  points: readonly RestorePoint[],
  { takenAt, sinceBoot }: Fresh,
): Pruning['remarks'][number] | undefined {
  if (sinceBoot === undefined) return undefined;
  const [newest] = points
    .map(({ manifest }) => ({ manifest, at: sinceBootOf(manifest.details['since_boot']) }))
    .filter(({ at }) => at?.boot === sinceBoot.boot)
    .sort((one, other) => (other.at?.elapsed ?? 0) - (one.at?.elapsed ?? 0));
  if (newest?.at === undefined) return undefined;
  const [shown, real] = [between(newest.manifest.takenAt, takenAt), sinceBoot.elapsed - newest.at.elapsed];
  if (Math.abs(shown - real) <= hours(1)) return undefined;
  const says =
    `since the point ${newest.manifest.id} the clock went on by ${formatDuration(shown)}, and the machine by ` +
    `${formatDuration(milliseconds(real))}: somebody set the clock, and nothing is removed in this run. See that it is right`;
  return { level: 'warning', says };
}
