// Which source is copied first. Pure.
import type { RestorePoint } from '../../../model/restore-point.ts';
import { isOf, type SourceKey } from '../points/source.ts';

/** What was never copied, or longest ago, goes first: whatever ends the run early, the next one begins with the rest. */
export function oldestFirst<Item>(
  items: readonly Item[],
  points: readonly RestorePoint[],
  keyOf: (item: Item) => SourceKey,
): readonly Item[] {
  const last = (item: Item): string =>
    points.findLast(({ manifest }) => isOf(manifest, keyOf(item)))?.manifest.sealedAt ?? '';
  return items.toSorted((one, other) => (last(one) < last(other) ? -1 : last(one) > last(other) ? 1 : 0));
}
