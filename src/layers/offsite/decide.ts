// What is to be sent, what has had its time at the target, and what is not as it should be. Pure.
import type { Manifest, PointId, RestorePoint } from '../../model/restore-point.ts';
import type { Keep } from '../../values/retention.ts';
import { decideRetention } from '../../values/retention-decide.ts';
import type { TimeZone } from '../../values/time-zone.ts';
import { decidePruning, type Removal } from '../common/points/prune-decision.ts';
import { seriesOf, sourceKeyOf } from './source-key.ts';

/** A sealed point, here or there. `name` is that of its folder. */
export type Copy = Readonly<{ name: string; point: RestorePoint }>;

export type Situation = Readonly<{
  keep: Keep;
  /** that the copies were under when it was last carried out; undefined where nobody knows */
  before: Keep | undefined;
  prune_at_most?: number | undefined;
  newestFirst: boolean;
  timeZone: string;
  sources: readonly RestorePoint[];
  /** verified at the target */
  copies: readonly Copy[];
  /** the name that a copy of it will have */
  nameOf(point: RestorePoint): string;
  /** why a point may not go out: content that looks like an attack stays where it is */
  withheld(point: RestorePoint): string | undefined;
}>;

export type Sending = Readonly<{
  point: RestorePoint;
  /**
   * folders at the target of the same source, that this point is sent as a change of: the one that is sent right before it, and the
   * nearest one that is there
   */
  bases: readonly string[];
}>;
export type Decision = Readonly<{
  send: readonly Sending[];
  withheld: readonly Readonly<{ point: RestorePoint; says: string }>[];
  /** not sent, since the target's own retention would remove them at once */
  past: readonly RestorePoint[];
  remove: readonly Removal[];
  /** nothing hinders what `keep` lets go */
  agreed: boolean;
  remarks: ReturnType<typeof decidePruning>['remarks'];
}>;

export function decide(situation: Situation): Decision {
  const groups = Map.groupBy([...situation.sources.map(isSource), ...situation.copies.map(isCopy)], ({ point }) =>
    seriesOf(point.manifest),
  );
  const decided = [...groups.values()].map((group) => decideGroup(situation, group));
  const direction = situation.newestFirst ? -1 : 1;
  const send = decided.flatMap((one) => one.send).sort((one, other) => direction * byAge(one.point, other.point));
  return {
    send,
    withheld: decided.flatMap((one) => one.withheld),
    past: decided.flatMap((one) => one.past),
    remove: decided.flatMap((one) => one.remove),
    agreed: decided.every((one) => one.agreed),
    remarks: decided.flatMap((one) => one.remarks),
  };
}

type Member = Readonly<{ point: RestorePoint; name: string | undefined }>;
const isSource = (point: RestorePoint): Member => ({ point, name: undefined });
const isCopy = ({ point, name }: Copy): Member => ({ point, name });

export const byAge = ({ manifest: one }: RestorePoint, { manifest: other }: RestorePoint): number =>
  one.takenAt === other.takenAt ? (one.id < other.id ? -1 : 1) : one.takenAt < other.takenAt ? -1 : 1;

function decideGroup(situation: Situation, group: readonly Member[]): Decision {
  const { keep, before: policy, prune_at_most, timeZone } = situation;
  const copies = group.filter(({ name }) => name !== undefined);
  const there = new Set(copies.map(({ point }) => point.manifest.id));
  const unsent = group.flatMap(({ point, name }) =>
    name === undefined && !there.has(point.manifest.id) ? [point] : [],
  );
  const withheld = unsent.flatMap((point) => {
    const says = situation.withheld(point);
    return says === undefined ? [] : [{ point, says }];
  });
  const free = unsent.filter((point) => !withheld.some((one) => one.point === point));
  const wanted = wantedOf([...copies.map(({ point }) => point), ...free], keep, timeZone);
  const oldestFirst = free.filter(({ manifest }) => wanted.has(manifest.id)).sort(byAge);
  const sending = situation.newestFirst ? oldestFirst.toReversed() : oldestFirst;
  const past = free.filter(({ manifest }) => !wanted.has(manifest.id));
  const points = copies.map(({ point }) => point);
  const pruning = pruned({ keep, before: policy, prune_at_most }, points, sending, timeZone);
  const bases = new Map(copies.map(({ point, name }) => [point, name ?? '']));
  const send = sending.map((point, place) => {
    const before = sending[place - 1];
    const names = [before === undefined ? undefined : situation.nameOf(before), baseOf(point, bases)];
    return { point, bases: names.filter((name) => name !== undefined) };
  });
  return { send, withheld, past, ...pruning };
}

const wantedOf = (points: readonly RestorePoint[], keep: Keep, zone: string): ReadonlySet<PointId> =>
  new Set(
    decideRetention(
      points.map(({ manifest, held }) => ({ id: manifest.id, takenAt: manifest.takenAt, finished: true, held })),
      keep,
      zone as TimeZone,
      { lastGood: true },
    ).flatMap(({ point, verdict }) => (verdict === 'remove' ? [] : [point.id])),
  );

/** The newest stays beside whatever goes, and it is by its time that the clock is judged. */
function pruned(
  entry: Pick<Situation, 'keep' | 'before' | 'prune_at_most'>,
  copies: readonly RestorePoint[],
  sending: readonly RestorePoint[],
  timeZone: string,
): Pick<Decision, 'remove' | 'agreed' | 'remarks'> {
  const newest = [...copies, ...sending].sort(byAge).at(-1)?.manifest;
  if (newest === undefined) return { remove: [], agreed: true, remarks: [] };
  const fresh = { id: newest.id, takenAt: newest.takenAt, source: sourceKeyOf(newest), run: newest.run };
  const { policy, remove, remarks } = decidePruning(
    entry,
    copies.filter(({ manifest }) => manifest !== newest),
    fresh,
    timeZone,
    { before: entry.before },
  );
  return { remove, agreed: policy === entry.keep, remarks };
}

/** The newest one before it, else the oldest one behind it. */
function baseOf(point: RestorePoint, copies: ReadonlyMap<RestorePoint, string>): string | undefined {
  const sorted = [...copies.keys()].sort(byAge);
  const before = sorted.findLast((one) => byAge(one, point) < 0) ?? sorted[0];
  return before === undefined ? undefined : copies.get(before);
}

export const bytesOf = ({ parts, counts }: Manifest): number =>
  Math.max(
    parts.reduce((sum, part) => sum + part.bytes, 0),
    counts['bytes'] ?? 0,
  );
