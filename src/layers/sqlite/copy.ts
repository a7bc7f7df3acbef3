// The step `sqlite.copy`: the databases of one volume or folder into one restore point, sealed when every part of it was read back
// from the disk. What retention then lets go is known only now, and not while a database is damaged.
import { join } from 'node:path';
import * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { withItemResults } from '../../model/item-results.ts';
import type { ChildPlan, Note } from '../../model/plan.ts';
import { absent } from '../../model/step.ts';
import { milliseconds } from '../../values/duration.ts';
import { parseInstant, type SinceBoot } from '../../values/instant.ts';
import { count } from '../../values/text.ts';
import { versionOf } from '../common/commands.ts';
import { givenOf } from '../common/given.ts';
import { checkRoom } from '../common/points/destination.ts';
import { readPoints } from '../common/points/points.ts';
import { decidePruning, type Pruning } from '../common/points/prune-decision.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import { beginPoint, pointPlace, probeSealed, removePartial, seal, sealedResult } from '../common/points/sealing.ts';
import { closeVolume } from '../common/volume/open.ts';
import { copyAll } from './copy-all.ts';
import { copyGiven } from './given.ts';
import { type CopyResult, itemsOf, lost, nameIn, type Result } from './result.ts';
import { factsOf, itemOf, keyOf, labelOf, memoryOf, sourceRef, workloadOf } from './source.ts';
import { whileOpen } from './tree.ts';
import { wanted } from './wanted.ts';
import { writeTree } from './write-tree.ts';

function placed(context: StepContext) {
  const given = givenOf(copyGiven, context.step);
  const { entry, source, id } = given;
  const item = itemOf(source);
  const machine = context.world.machine(entry.machine);
  const place = pointPlace(context, { ...entry, workload: workloadOf(source, entry) }, id, item);
  const away =
    entry.staging === undefined ? undefined : join(entry.staging, `.holdfast-${context.run}-${item ?? 'all'}`);
  return { ...given, machine, place, away, work: away ?? place.work };
}
type Placed = ReturnType<typeof placed>;

export const copyKind: StepKind = {
  name: 'sqlite.copy',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const copying = placed(context);
    const { entry, source, problem, machine, place, away, work } = copying;
    if (problem !== undefined) throw new Fault(problem.code, problem);
    await beginPoint(place, context);
    if (away !== undefined) context.take('folder of copies', away);
    if (away !== undefined) await machine.files.makeFolder(away, 0o700);
    const copied = await whileOpen(copying, context, async ({ folder, frozen, search }) => {
      const { databases, excluded } = wanted(entry, source, search.databases);
      const bytes = databases.reduce((sum, { size, beside }) => sum + size + (beside.log ?? 0), 0);
      // Once as copies, once as the archive of them; and a sealed point beside a half-written one.
      await checkRoom(machine.files, place.layer, bytes * (away === undefined ? 2 : 1) + 16 * 1024 * 1024);
      if (away !== undefined) await checkRoom(machine.files, away, bytes);
      const results = await copyAll({ machine, folder, frozen, databases, work }, context);
      return {
        results,
        bytes,
        unread: search.unread,
        excluded,
        lost: await lostSince(copying, context, results, folder),
      };
    });
    const results = [...copied.results, ...copied.lost];
    for (const name of copied.excluded) context.log(`left out, as declared: ${name}`);
    return results.some(({ state }) => state !== 'missing')
      ? sealed(copying, context, { ...copied, results })
      : nothingCopied(copying, context, { ...copied, results });
  },

  probe: async (context) => {
    const { problem, place } = placed(context);
    return problem === undefined ? probeSealed(place) : { answer: 'not done', evidence: problem.says };
  },

  release: giveBack,
  undo: giveBack,
};

async function giveBack(context: StepContext): Promise<void> {
  const { machine, source, place, away } = placed(context);
  if (source.of === 'volume') await closeVolume(machine, source.volume, context);
  await removePartial(place);
  if (away !== undefined) await machine.files.remove(away);
}

type Copied = Readonly<{ results: readonly Result[]; bytes: number; unread: readonly string[] }>;

async function sealed(copying: Placed, context: StepContext, { results, bytes, unread }: Copied): Promise<Done> {
  const { entry, source, machine, place, work, takenAt, id, since_boot, timeZone } = copying;
  const writing = { machine, tree: join(work, 'tree'), work, partial: place.partial, bytes, results };
  const written = await writeTree({ ...writing, encryptTo: entry.encrypt_to }, context);
  const key = keyOf(source, entry);
  const { points } = await readPoints(machine, entry);
  const at = parseInstant(takenAt);
  if (at === undefined) throw new Error(`a plan gave ${takenAt} as a time`);
  const sinceBoot: SinceBoot | undefined = since_boot && { ...since_boot, elapsed: milliseconds(since_boot.elapsed) };
  const pruning = decidePruning(entry, points, { id, takenAt: at, source: key, run: context.run, sinceBoot }, timeZone);
  const [sqlite3, tar, getfattr] = await Promise.all(
    ['sqlite3', 'tar', 'getfattr'].map((tool) => versionOf(machine, tool)),
  );
  const weak = results.filter(({ state }) => state !== 'whole');
  const manifest = await seal(place, context, {
    ...{ takenAt, source: factsOf(source, entry), counts: written.counts, parts: written.parts },
    details: {
      attributes_listed: written.attributes,
      not_whole: weak.slice(0, 1000).map((result) => ({ database: nameIn(result), state: result.state })),
    },
    ...{ tools: { sqlite3, tar, getfattr }, policy: pruning.policy, sinceBoot },
  });
  const kept = results.filter(({ state }) => state !== 'missing');
  context.world.remember(
    memoryOf(entry, source),
    kept.flatMap(({ path }) => (path === undefined ? [] : [path])),
  );
  const label = labelOf(source);
  const told: CopyResult = { source: label, databases: results.length, whole: results.length - weak.length, point: id };
  const result = withItemResults(
    { ...sealedResult(manifest, place.sealed), ...told },
    itemsOf(results, { label, workload: workloadOf(source, entry), takenAt: at }),
  );
  return {
    result,
    degraded: degradedBy(copying, results, unread, written.attributes),
    expands: pruneAfter(copying, pruning, weak),
  };
}

function degradedBy(
  { source }: Placed,
  results: readonly Result[],
  unread: readonly string[],
  attributes: boolean,
): readonly string[] {
  const label = labelOf(source);
  const weak = results.filter(({ state }) => state !== 'whole');
  return [
    ...weak.map((result) => `${label}: ${nameIn(result)} is ${result.state}: ${result.says ?? ''}`),
    ...unread.map((says) => `${label}: could not be looked into: ${says}`),
    ...(attributes
      ? []
      : [`${label}: attributes were kept, but not listed: getfattr (Debian package attr) is missing`]),
  ];
}

/** Damage goes on until somebody repairs it, and every night a worse point would push a good one out. */
function pruneAfter({ entry, source }: Placed, pruning: Pruning, weak: readonly Result[]): ChildPlan {
  const subject = sourceRef(source, entry);
  const damaged = weak.filter(({ state }) => state === 'damaged' || state === 'missing');
  const notes: Note[] = pruning.remarks.map((remark) => ({ subject, ...remark }));
  const held = damaged.length > 0 && pruning.remove.length > 0;
  if (held)
    notes.push({
      ...{ subject, level: 'warning' },
      says: `${count(pruning.remove.length, 'older point')} would be removed, and ${pruning.remove.length === 1 ? 'is' : 'are'} kept: ${damaged.map(nameIn).join(', ')} may be whole only there`,
    });
  const steps = held ? [] : pruneSteps({ entry, source: keyOf(source, entry), after: [] }, pruning.remove);
  return { because: ['the new point is sealed'], steps, notes, afterFailure: 'keep' };
}

/** A volume without databases is an ordinary one, as long as it never had any. */
async function nothingCopied(
  { entry, source }: Placed,
  { world }: StepContext,
  { results, unread }: Copied,
): Promise<Done> {
  const label = labelOf(source);
  const now = world.clock.now();
  const before = known(world.recall(memoryOf(entry, source))?.value);
  const empty = source.of === 'volume' && results.length === 0 && unread.length === 0;
  if (!empty)
    throw new Fault('no-databases', {
      where: label,
      says: `${results.length === 0 ? 'there is no database in it' : results.map((one) => `${nameIn(one)}: ${one.says ?? ''}`).join('; ')}${unread.map((says) => `; ${says}`).join('')}; no point was made, and none was removed`,
      remedy: 'see whether its disk is mounted and its application has moved; the last restore points are still there',
    });
  const gone =
    before.length > 0
      ? [
          `${label}: the ${count(before.length, 'database')} of the last time ${before.length === 1 ? 'is' : 'are'} gone: the older points stay`,
        ]
      : [];
  const told: CopyResult = { source: label, databases: 0, whole: 0, point: null };
  const result = withItemResults(told, itemsOf([], { label, workload: workloadOf(source, entry), takenAt: now }));
  return { result, degraded: gone };
}

const known = (value: unknown): readonly string[] => z.array(z.string()).catch([]).parse(value);

/** A database whose first bytes are overwritten is not even found; but it was one, and its file is still there. */
async function lostSince(
  { entry, source, machine }: Placed,
  { world }: StepContext,
  results: readonly Result[],
  folder: string,
): Promise<readonly Result[]> {
  const found = new Set(results.map(({ path }) => path));
  const before = known(world.recall(memoryOf(entry, source))?.value).filter((path) => !found.has(path));
  const there: Result[] = [];
  for (const path of before) {
    const info = await machine.files.info(join(folder, path));
    if (info?.type === 'file') there.push(lost(path, info.size));
  }
  return there;
}
