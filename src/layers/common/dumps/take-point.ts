// The dumps of one run become a point: judged against the last one that was fine, sealed, and what it makes superfluous is let go.
import { join } from 'node:path';
import type { Done, StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { withItemResults } from '../../../model/item-results.ts';
import type { ChildPlan, Note } from '../../../model/plan.ts';
import { heldBeforeRestore, isPutAway, type RestorePoint } from '../../../model/restore-point.ts';
import { milliseconds } from '../../../values/duration.ts';
import { type Instant, parseInstant, type SinceBoot } from '../../../values/instant.ts';
import { ref } from '../../../values/ref.ts';
import { shown } from '../../../values/text.ts';
import { asGiven } from '../given.ts';
import { asRetentionSees, soonSealed, suspicionIn, unjudgedIn } from '../judgement/consequences.ts';
import { settleHolds } from '../judgement/holding.ts';
import type { Verdict } from '../judgement/judge.ts';
import { type Judged, judgedAs, judgementDetail } from '../judgement/record.ts';
import { standingOf } from '../judgement/standing.ts';
import { checkPrivate, checkRoom } from '../points/destination.ts';
import { holdName } from '../points/places.ts';
import { readPoints } from '../points/points.ts';
import { decidePruning, type Pruning } from '../points/prune-decision.ts';
import { pruneSteps } from '../points/prune-step.ts';
import { beginPoint, type PointPlace, seal, sealedResult } from '../points/sealing.ts';
import { isOf } from '../points/source.ts';
import type { Dumps } from './dump.ts';
import type { DumpEntry } from './entry.ts';
import { type WrittenFacts, writeFacts } from './facts-part.ts';
import type { DumpGiven } from './given.ts';
import { judgeDumps, limitsOf } from './judge.ts';
import { type AllTaken, takeItems } from './take-items.ts';
import { type Taken, takenIn } from './taken.ts';

export async function takePoint<Entry extends DumpEntry>(
  dumps: Dumps<Entry>,
  given: DumpGiven<Entry>,
  place: PointPlace,
  context: StepContext,
): Promise<Done> {
  const { entry } = given;
  const { machine } = place;
  const { points } = await readPoints(machine, entry);
  const key = dumps.source(entry, given.server);
  // What a restore has put away is most often the damage itself: nothing is judged against it.
  const own = points.filter((point) => isOf(point.manifest, key) && !isPutAway(point));
  await beginPoint(place, context);
  // Where a share gives every folder a mode of its own, that is seen only now.
  await checkPrivate(machine, entry);
  await checkRoom(machine.files, place.layer, (own.at(-1)?.bytes ?? 0) + 16 * 1024 * 1024);
  const session = await dumps.open(entry, context);
  const all = await takeItems(dumps, session, given, place, context);
  const [first] = all.missing;
  if (all.items.length === 0 && first !== undefined) throw nothingDumped(entry, first);
  const facts = await writeFacts(place, entry, all.items, context);
  const tools = await session.tools();
  return sealed({ given, place, own, points, key, tools, facts }, all, context);
}

type Sealing<Entry extends DumpEntry> = Readonly<{
  given: DumpGiven<Entry>;
  place: PointPlace;
  own: readonly RestorePoint[];
  points: readonly RestorePoint[];
  key: Readonly<Record<string, string>>;
  tools: Readonly<Record<string, string | undefined>>;
  facts: WrittenFacts;
}>;

async function sealed<Entry extends DumpEntry>(
  { given, place, own, points, key, tools, facts }: Sealing<Entry>,
  { items, missing }: AllTaken,
  context: StepContext,
): Promise<Done> {
  const { entry, id, timeZone, server, since_boot } = given;
  const takenAt = parseInstant(given.takenAt);
  if (takenAt === undefined) throw new Error(`a plan gave ${given.takenAt} as a time`);
  const taken = items.map((item) => item.taken);
  const failed = missing.map(({ name }) => name);
  const judged = judgedPoint(given, { own, key, takenAt, taken, failed });
  const details = {
    items: taken.map((item) => asGiven(item)),
    missing: missing.map((one) => asGiven(one)),
    facts: asGiven(facts.taken),
    server,
    judgement: judgementDetail(judged),
  };
  const soon = soonSealed(place, context.run, key, takenAt, details);
  const standing = standingOf(given.before_restore === true ? own : [...own, soon], entry.suspicious_approved);
  const sinceBoot: SinceBoot | undefined = since_boot && { ...since_boot, elapsed: milliseconds(since_boot.elapsed) };
  const fresh = { id, takenAt, source: key, run: context.run, sinceBoot };
  const pruning = decidePruning(entry, asRetentionSees(points, own, standing), fresh, timeZone);
  const counts = totals(taken.map((item) => item.counts));
  if (given.before_restore === true)
    await place.machine.files.write(join(place.partial, holdName), `${heldBeforeRestore(context.run)}\n`, 0o600);
  const manifest = await seal(place, context, {
    ...{ takenAt: given.takenAt, source: key, parts: [...items.map(({ part }) => part), facts.part], tools },
    counts: { ...counts, dumps: items.length, bytes: taken.reduce((sum, { bytes }) => sum + bytes, 0) },
    details,
    ...{ policy: pruning.policy, sinceBoot },
  });
  await settleHolds(place.machine.files, own, standing);
  const { workload } = entry;
  const suspicion = suspicionIn(entry.name, standing);
  const weaker = items.flatMap(({ taken: { name }, facts: { degraded = [] } }) =>
    degraded.map((says) => ({ name, says: `${shown(name)}: ${says}` })),
  );
  const result = withItemResults(
    { ...sealedResult(manifest, place.sealed), dumps: items.length, missing: failed },
    {
      items: [
        ...items.map(({ taken: { name }, part: { bytes } }) => {
          const says = weaker.find((one) => one.name === name)?.says ?? suspicion[0];
          return { name, workload, bytes, done: says === undefined, ...(says === undefined ? { takenAt } : { says }) };
        }),
        ...missing.map((one) => ({ ...one, workload, done: false })),
      ],
    },
  );
  const expands = comesAfter(given, key, keptFor(pruning, failed, own), unjudgedIn(entry.name, judged, own));
  const degraded = [
    ...missing.map(({ name, says }) => `${shown(name)} is missing in this point: ${says}`),
    ...weaker.map(({ says }) => says),
    ...suspicion,
  ];
  return { result, degraded, expands };
}

type Judging = Readonly<{
  own: readonly RestorePoint[];
  key: Readonly<Record<string, string>>;
  takenAt: Instant;
  taken: readonly Taken[];
  failed: readonly string[];
}>;

/** What is put aside before a restore is most often the damage itself: it is no measure for anything, and nothing is held for it. */
function judgedPoint<Entry extends DumpEntry>(
  { entry, before_restore }: DumpGiven<Entry>,
  { own, key, takenAt, taken, failed }: Judging,
): Judged {
  const { base } = standingOf(own, entry.suspicious_approved);
  const verdict: Verdict =
    before_restore === true
      ? { verdict: 'not known', because: 'it was put aside before a restore' }
      : judgeDumps({ takenAt, items: taken }, base, own, failed, limitsOf(entry.judgement));
  return judgedAs(verdict, base?.manifest.id, [entry.name, key]);
}

function totals(each: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const counts of each)
    for (const [what, number] of Object.entries(counts)) sums[what] = (sums[what] ?? 0) + number;
  return sums;
}

type Kept = Pick<Pruning, 'remove' | 'remarks'>;

/** What could not be dumped now is whole only in an older point: the newest of those stays until it can be dumped again. */
function keptFor(pruning: Pruning, failed: readonly string[], own: readonly RestorePoint[]): Kept {
  const needed = new Map<string, string>();
  for (const name of failed) {
    const last = own.findLast(({ manifest }) => takenIn(manifest).some((item) => item.name === name));
    if (last !== undefined) needed.set(last.manifest.id, name);
  }
  const held = pruning.remove.filter(({ point }) => needed.has(point.manifest.id));
  if (held.length === 0) return pruning;
  const remarks = held.map(({ point: { manifest } }) => ({
    level: 'warning' as const,
    says: `${manifest.id} stays, though retention lets it go: it is the newest point with ${shown(needed.get(manifest.id) ?? '')}`,
  }));
  return { remove: pruning.remove.filter((one) => !held.includes(one)), remarks: [...pruning.remarks, ...remarks] };
}

function comesAfter<Entry extends DumpEntry>(
  { entry, before_restore }: DumpGiven<Entry>,
  source: Readonly<Record<string, string>>,
  { remove, remarks }: Kept,
  unjudged: readonly string[],
): ChildPlan {
  if (before_restore === true)
    return { because: ['the new point is sealed'], steps: [], notes: [], afterFailure: 'keep' };
  const subject = ref('layer', entry.name);
  const notes: Note[] = [
    ...remarks.map((remark) => ({ subject, ...remark })),
    ...unjudged.map((says): Note => ({ subject, level: 'warning', says })),
  ];
  const steps = pruneSteps({ entry, source, after: [] }, remove);
  return { because: ['the new point is sealed'], steps, notes, afterFailure: 'keep' };
}

const nothingDumped = ({ name }: DumpEntry, first: Readonly<{ name: string; says: string }>): Fault =>
  new Fault('nothing-dumped', {
    where: name,
    says: `not one dump was whole; of ${shown(first.name)}: ${first.says}`,
    remedy: 'see the log of the run; no point was made, and none was removed',
  });
