// What one run was to do against what it did, as its journal has it; pure. A run that was killed in the middle has its
// expectations all the same: they were written down before its first step.
import { type ExpectedItem, type ItemResult, type ItemResults, itemResultsOf } from '../model/item-results.ts';
import type { RunTally } from '../model/job-history.ts';
import { childPath, type Entry, foldEntries, type StepPath, type StepRecord } from '../model/run.ts';
import type { Step } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';

type Records = ReadonlyMap<StepPath, StepRecord>;
/** An expected item and the path of the step that does it. */
type Awaited = ExpectedItem & Readonly<{ path: StepPath | undefined }>;

/** @param planned the steps of the run's own plan: what was expected where its kinds do not count in items */
export function tallyOf(entries: readonly Entry[], planned: readonly Step[]): RunTally {
  const records = foldEntries(entries);
  const said = [...records].flatMap(([path, { child, result, undone }]) => [
    ...(child?.itemResults === undefined ? [] : [{ path, results: child.itemResults }]),
    // What was led back is not there any more, whatever its step said when it ended.
    ...(undone ? [] : [{ path, results: itemResultsOf(result) }]),
  ]);
  const all = <One>(of: (results: ItemResults) => readonly One[] | undefined): readonly One[] =>
    said.flatMap(({ results }) => of(results) ?? []);
  const awaited = said.flatMap(({ path, results }) =>
    (results.expected ?? []).map((item) => ({ ...item, path: item.step && childPath(path, item.step) })),
  );
  // A layer may say the same in its child plan and in its result; what it said last counts.
  const items = latest(
    all((results) => results.items),
    ({ name }) => name,
  );
  const counted =
    awaited.length === 0 && items.length === 0 ? bySteps(records, planned) : byItems(records, awaited, items);
  return {
    ...counted,
    ...{
      excluded: latest(
        all((results) => results.excluded),
        ({ name }) => name,
      ),
      items,
      bytes: bytesOf(records, items),
    },
    ...{
      pools: latest(
        all((results) => results.pools),
        ({ machine, volumeGroup, pool }) => `${machine} ${volumeGroup}/${pool}`,
      ),
      databases: latest(
        all((results) => results.databases),
        ({ name }) => name,
      ),
    },
  };
}

const latest = <One>(said: readonly One[], key: (one: One) => string): readonly One[] => [
  ...new Map(said.map((one) => [key(one), one])).values(),
];

type Counted = Pick<RunTally, 'expected' | 'done' | 'missing'>;

function byItems(records: Records, awaited: readonly Awaited[], items: readonly ItemResult[]): Counted {
  const results = new Map(items.map((item) => [item.name, item]));
  // What was done without having been announced is expected as well: a step may find its items itself.
  const known = new Map<string, Awaited>(
    items.map((item) => [item.name, { ...item, says: undefined, path: undefined }]),
  );
  for (const item of awaited) known.set(item.name, item);
  const missing = [...known.values()].flatMap((item) => {
    const result = results.get(item.name);
    if (result?.done === true) return [];
    const says = result?.says ?? item.says ?? whyNot(item.path === undefined ? undefined : records.get(item.path));
    return [{ name: item.name, workload: item.workload, says }];
  });
  return { expected: known.size, done: known.size - missing.length, missing };
}

/** Each step of the plan stands for one thing: a guest's backup, an image. */
function bySteps(records: Records, planned: readonly Step[]): Counted {
  const missing = planned.flatMap(({ id, title, subject }) => {
    const record = records.get(id);
    const whole = record?.fate === 'done' && !record.undone;
    const weaker = whole ? weakerThanPromised(records, id) : whyNot(record);
    return weaker === undefined ? [] : [{ name: title, workload: subject, says: weaker }];
  });
  return { expected: planned.length, done: planned.length - missing.length, missing };
}

function weakerThanPromised(records: Records, step: StepPath): string | undefined {
  const within = [...records.values()].filter(({ path }) => path === step || path.startsWith(`${step}>`));
  const said = within.flatMap(({ degraded }) => degraded);
  return said.length === 0 ? undefined : said.join('; ');
}

function whyNot(record: StepRecord | undefined): string {
  if (record?.undone === true) return record.fault?.says ?? 'it was led back, since something after it failed';
  switch (record?.fate) {
    case undefined:
    case 'not reached':
      return 'the run ended before it';
    case 'trying':
      return 'the run ended while it was being done';
    case 'blocked':
      return record.fault?.says ?? 'not begun, because of what failed before it';
    case 'in doubt':
      return `in doubt: ${record.fault?.says ?? 'nobody can tell whether it was done'}`;
    case 'failed':
    case 'refused':
      return record.fault?.says ?? record.fate;
    case 'done':
      return 'its step ended well and does not say that it is whole';
  }
}

function bytesOf(records: Records, items: readonly ItemResult[]): number | undefined {
  const ofItems = items.flatMap(({ bytes, done }) => (bytes === undefined || !done ? [] : [bytes]));
  const sizes = ofItems.length > 0 ? ofItems : [...records.values()].flatMap(({ result }) => bytesIn(result));
  return sizes.length === 0 ? undefined : sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** What a step that made a point says of it: `{ point, bytes }`. */
function bytesIn(result: Json): readonly number[] {
  if (result === null || typeof result !== 'object' || !('point' in result) || !('bytes' in result)) return [];
  return typeof result.bytes === 'number' ? [result.bytes] : [];
}
