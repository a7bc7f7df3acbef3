// What a run was to do and what it did, item by item (a volume, a database, a guest): how "76 of 77" is known, and which one
// is missing. Layers say it in two places. What was found is in the child plan (`ChildPlan.itemResults`), which the journal
// has before its first step, so that it survives a kill; what became of an item is in the result of its step, under the key
// `itemResults`. The catalogue joins both by the item's name.
import type { Json } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { StepId } from './step.ts';

/** Something that must be protected for the run to be fine. */
export type ExpectedItem = Readonly<{
  /** unique within the layer, as an operator calls it: `monitoring/grafana`, a path, a database */
  name: string;
  workload: string;
  /** the step of the same plan that does it; its fault is then why the item is missing */
  step?: StepId | undefined;
  /** why nothing is done for it, where that is known beforehand: `its newest snapshot is 3d old` */
  says?: string | undefined;
}>;

/** Left out on purpose: neither expected nor missing. */
export type ExcludedItem = Readonly<{ name: string; workload: string; because: string }>;

export type ItemResult = Readonly<{
  name: string;
  workload: string;
  /** whole and verified; what is there but weaker than promised is not */
  done: boolean;
  says?: string | undefined;
  /** what of it lies in the restore point */
  bytes?: number | undefined;
  /** of when its newest good copy is, be it of an earlier run */
  takenAt?: Instant | undefined;
}>;

/** A thin pool as the run saw it. */
export type PoolFigures = Readonly<{
  machine: string;
  volumeGroup: string;
  pool: string;
  dataPercent: number;
  metadataPercent: number;
}>;

/** What an integrity check said of a database; one that could not even be opened is not `ok`. */
export type DatabaseVerdict = Readonly<{ name: string; workload: string; ok: boolean; says?: string | undefined }>;

export type ItemResults = Readonly<{
  expected?: readonly ExpectedItem[] | undefined;
  excluded?: readonly ExcludedItem[] | undefined;
  items?: readonly ItemResult[] | undefined;
  pools?: readonly PoolFigures[] | undefined;
  databases?: readonly DatabaseVerdict[] | undefined;
}>;

/** The result of a step together with what became of its items. */
export const withItemResults = <Result extends Readonly<Record<string, unknown>>>(
  result: Result,
  itemResults: ItemResults,
): Json => ({ ...result, itemResults }) as unknown as Json;

/** What a step's result says of items; nothing where its kind has none. */
export function itemResultsOf(result: Json): ItemResults {
  if (result === null || typeof result !== 'object' || !('itemResults' in result)) return {};
  return (result as Readonly<{ itemResults: ItemResults }>).itemResults;
}
