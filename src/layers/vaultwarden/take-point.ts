// What was gathered becomes a point: judged against the last one that was fine, sealed, and what it makes superfluous is let go.
import { join } from 'node:path';
import type { Done, StepContext } from '../../contracts/step-kind.ts';
import { withItemResults } from '../../model/item-results.ts';
import { heldBeforeRestore, isPutAway, type RestorePoint } from '../../model/restore-point.ts';
import { milliseconds } from '../../values/duration.ts';
import { type Instant, parseInstant } from '../../values/instant.ts';
import { versionOf } from '../common/commands.ts';
import { judgeDumps, limitsOf } from '../common/dumps/judge.ts';
import { asGiven } from '../common/given.ts';
import { asRetentionSees, soonSealed, suspicionIn, unjudgedIn } from '../common/judgement/consequences.ts';
import { settleHolds } from '../common/judgement/holding.ts';
import type { Verdict } from '../common/judgement/judge.ts';
import { type Judged, judgedAs, judgementDetail } from '../common/judgement/record.ts';
import { standingOf } from '../common/judgement/standing.ts';
import { checkPrivate } from '../common/points/destination.ts';
import { holdName } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { decidePruning } from '../common/points/prune-decision.ts';
import { beginPoint, type PointPlace, seal, sealedResult } from '../common/points/sealing.ts';
import { isOf } from '../common/points/source.ts';
import { withoutAttributes } from '../common/trees/write-listing.ts';
import { pruneAfter } from './after.ts';
import { itemsIn, rowsIn } from './facts.ts';
import { type Gathered, gather } from './gather.ts';
import { missingIn, mostListed } from './missing-in.ts';
import { database, replaced } from './names.ts';
import { vitalTables } from './rows.ts';
import { sourceOf, type VaultwardenEntry } from './schema.ts';
import { beginStaging, removeStaging, stagingOf } from './staging.ts';
import { writeParts } from './write-parts.ts';

export type Taking = Readonly<{
  entry: VaultwardenEntry;
  timeZone: string;
  id: string;
  takenAt: Instant;
  sinceBoot: Readonly<{ boot: string; elapsed: number }> | undefined;
  /** before a restore replaces it: whatever there is is kept as it is and held, and nothing is judged or pruned by it */
  before: boolean;
  place: PointPlace;
}>;

export async function takePoint(taking: Taking, context: StepContext): Promise<Done> {
  const { entry, place, before } = taking;
  const { points } = await readPoints(place.machine, entry);
  // What a restore has put away is most often the damage itself: nothing is judged against it.
  const own = points.filter((point) => isOf(point.manifest, sourceOf(entry)) && !isPutAway(point));
  await beginPoint(place, context);
  // Where a share gives every folder a mode of its own, that is seen only now.
  await checkPrivate(place.machine, entry);
  const staging = stagingOf(entry, place, context);
  await beginStaging(staging, context);
  const known = missingIn(own.at(-1)).names;
  const gathered = await gather({ entry, staging, before, known }, context);
  const written = await writeParts(staging, place, entry, context);
  await removeStaging(staging);
  return sealed(taking, { points, own, gathered, written }, context);
}

type Sealing = Readonly<{
  points: readonly RestorePoint[];
  own: readonly RestorePoint[];
  gathered: Gathered;
  written: Awaited<ReturnType<typeof writeParts>>;
}>;

async function sealed(
  taking: Taking,
  { points, own, gathered, written }: Sealing,
  context: StepContext,
): Promise<Done> {
  const { entry, timeZone, id, takenAt, before, place, sinceBoot } = taking;
  const source = sourceOf(entry);
  const { missing, unknown, copied } = gathered;
  const judged = judgedPoint(taking, own, gathered);
  const state = copied?.state ?? 'missing';
  const details = {
    items: itemsIn(gathered).map((item) => asGiven(item)),
    missing: missing.slice(0, mostListed).map((one) => asGiven(one)),
    missing_files: missing.length,
    names: replaced(gathered.names),
    not_whole: state === 'whole' || copied === undefined ? [] : [{ database, state }],
    attributes_listed: written.attributes,
    judgement: judgementDetail(judged),
    ...(entry.encrypt_to === undefined ? {} : { encrypt_to: entry.encrypt_to }),
  };
  const soon = soonSealed(place, context.run, source, takenAt, details);
  const standing = standingOf(before ? own : [...own, soon], entry.suspicious_approved);
  const boot = sinceBoot && { ...sinceBoot, elapsed: milliseconds(sinceBoot.elapsed) };
  const fresh = { id, takenAt, source, run: context.run, sinceBoot: boot };
  const pruning = decidePruning(entry, asRetentionSees(points, own, standing), fresh, timeZone);
  if (before)
    await place.machine.files.write(join(place.partial, holdName), `${heldBeforeRestore(context.run)}\n`, 0o600);
  const manifest = await seal(place, context, {
    ...{ takenAt, source, parts: written.parts, details, policy: pruning.policy, sinceBoot: boot },
    counts: { ...written.counts, databases: copied === undefined ? 0 : 1, ...rowsIn(gathered) },
    tools: await toolsOf(taking, context),
  });
  await settleHolds(place.machine.files, own, standing);
  const suspicion = suspicionIn(entry.name, standing);
  const weaker = before
    ? []
    : [...missingWords(gathered), ...unknown, ...(written.attributes ? [] : [withoutAttributes])];
  const degraded = [...weaker, ...suspicion];
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  const item = { name: entry.data, workload: entry.workload, bytes, done: degraded.length === 0 };
  const result = withItemResults(
    { ...sealedResult(manifest, place.sealed), ...rowsIn(gathered), missing_files: missing.length },
    { items: [degraded.length === 0 ? { ...item, takenAt } : { ...item, says: degraded.join('; ').slice(0, 1000) }] },
  );
  if (before) return { result };
  const unjudged = unjudgedIn(entry.name, judged, own);
  return { result, degraded, expands: pruneAfter(entry, { pruning, missing, own, unjudged }) };
}

function judgedPoint({ entry, takenAt, before }: Taking, own: readonly RestorePoint[], gathered: Gathered): Judged {
  const { base } = standingOf(own, entry.suspicious_approved);
  const limits = { ...limitsOf(entry.judgement), vital: vitalTables };
  const verdict: Verdict = before
    ? { verdict: 'not known', because: 'it was put aside before a restore' }
    : judgeDumps({ takenAt, items: itemsIn(gathered) }, base, own, [], limits);
  return judgedAs(verdict, base?.manifest.id, [entry.name, sourceOf(entry)]);
}

function missingWords({ missing }: Gathered): readonly string[] {
  const first = missing.slice(0, 5).map(({ name, says }) => `${name}: ${says}`);
  const more = missing.length > first.length ? `; and ${missing.length - first.length} more` : '';
  return missing.length === 0
    ? []
    : [`${missing.length} of the files that the database knows cannot be opened any more: ${first.join('; ')}${more}`];
}

async function toolsOf({ entry, place }: Taking, { world }: StepContext) {
  const on = world.machine(entry.machine);
  const [sqlite3, tar] = await Promise.all(['sqlite3', 'tar'].map((tool) => versionOf(on, tool)));
  return { sqlite3, tar, ...(entry.encrypt_to === undefined ? {} : { age: await versionOf(place.machine, 'age') }) };
}

export const instantOf = (text: string): Instant => {
  const at = parseInstant(text);
  if (at === undefined) throw new Error(`a plan gave ${text} as a time`);
  return at;
};
