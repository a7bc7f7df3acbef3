// The step `files.copy`: the files of one volume or folder into a generation of its own, sealed when it was compared with its source.
// What retention then lets go is known only now.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { withItemResults } from '../../model/item-results.ts';
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';
import { milliseconds } from '../../values/duration.ts';
import { epochSeconds, type Instant, parseInstant, type SinceBoot } from '../../values/instant.ts';
import { shown } from '../../values/text.ts';
import { versionOf } from '../common/commands.ts';
import { asGiven, givenOf } from '../common/given.ts';
import { plantedOf } from '../common/judgement/canaries/canaries.ts';
import { asRetentionSees, soonSealed, suspicionIn, unjudgedIn } from '../common/judgement/consequences.ts';
import { settleHolds } from '../common/judgement/holding.ts';
import { type Judged, judgementDetail } from '../common/judgement/record.ts';
import { standingOf } from '../common/judgement/standing.ts';
import { readPoints } from '../common/points/points.ts';
import { decidePruning, type Pruning } from '../common/points/prune-decision.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import { beginPoint, pointPlace, probeSealed, removePartial, seal, sealedResult } from '../common/points/sealing.ts';
import { isOf } from '../common/points/source.ts';
import { factsOfTree, itemOfTree, keyOfTree, labelOfTree, refOfTree } from '../common/sources/source.ts';
import { closeVolume, openVolume } from '../common/volume/open.ts';
import { candidates, wordsOf } from './base.ts';
import { type Made, makeGeneration } from './generation.ts';
import { copyGiven } from './given.ts';
import { judgedContent } from './judged.ts';
import { excludedOf, workloadOf } from './source.ts';
import { namesOf, remarksOn, weakIn } from './told.ts';
import { weeksStep } from './weeks-step.ts';

function placed(context: StepContext) {
  const given = givenOf(copyGiven, context.step);
  const { entry, source, id } = given;
  const machine = context.world.machine(entry.machine);
  const workload = workloadOf(source, entry);
  const place = pointPlace(context, { ...entry, workload }, id, itemOfTree(source));
  return { ...given, machine, place, workload, key: keyOfTree(source, entry), label: labelOfTree(source) };
}
type Placed = ReturnType<typeof placed>;

export const copyKind: StepKind = {
  name: 'files.copy',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const copying = placed(context);
    const { entry, source, problem, machine, place, key } = copying;
    if (problem !== undefined) throw new Fault(problem.code, problem);
    const { points } = await readPoints(machine, entry);
    const own = points.filter(({ manifest }) => isOf(manifest, key));
    const already = own.findLast(({ manifest }) => isSameSnapshot(copying, manifest.source));
    if (already !== undefined) return copiedBefore(copying, already, own);
    const planted = plantedOf(context.world, entry.name);
    const excluded = excludedOf(entry, source).map(({ path }) => path);
    await beginPoint(place, context);
    const made = await whileOpen(copying, context, (folder) =>
      makeGeneration(
        {
          ...{ machine, partial: place.partial, folder },
          frozenSince: source.of === 'volume' ? epochSeconds(source.taken as Instant) - 1 : undefined,
          bases: candidates(points, key).flatMap(wordsOf),
          excluded,
        },
        context,
      ),
    );
    if (made.outcome === 'empty') return nothingCopied(copying, own);
    const judging = { machine, partial: place.partial, entry, source, key, excluded, planted, own };
    const judged = await judgedContent(judging, made, context);
    return sealed(copying, context, made, { points, own, judged });
  },

  probe: async (context) => {
    const { problem, place } = placed(context);
    return problem === undefined ? probeSealed(place) : { answer: 'not done', evidence: problem.says };
  },

  release: giveBack,
  undo: giveBack,
};

async function giveBack(context: StepContext): Promise<void> {
  const { machine, source, place } = placed(context);
  if (source.of === 'volume') await closeVolume(machine, source.volume, context);
  await removePartial(place);
}

const isSameSnapshot = ({ source }: Placed, facts: Readonly<Record<string, Json>>): boolean =>
  source.of === 'volume' && facts['snapshot'] === source.volume.lv && facts['snapshot_taken'] === source.taken;

async function whileOpen(
  { machine, source, luks_keys = [] }: Placed,
  context: StepContext,
  work: (folder: string) => Promise<Made>,
): Promise<Made> {
  if (source.of === 'folder') return work(source.folder);
  const { tree } = await openVolume(machine, source.volume, luks_keys, context);
  try {
    return await work(tree);
  } finally {
    // What cannot be given back now is owed: the step's own release tries again, and says so.
    await closeVolume(machine, source.volume, context).catch((error) => context.log(String(error)));
  }
}

type Known = Readonly<{ points: readonly RestorePoint[]; own: readonly RestorePoint[]; judged: Judged }>;

async function sealed(
  copying: Placed,
  context: StepContext,
  made: Made,
  { points, own, judged }: Known,
): Promise<Done> {
  const { entry, source, machine, place, takenAt, id, since_boot, timeZone, key, label, workload } = copying;
  const at = instantOf(takenAt);
  const sinceBoot: SinceBoot | undefined = since_boot && { ...since_boot, elapsed: milliseconds(since_boot.elapsed) };
  const fresh = { id, takenAt: at, source: key, run: context.run, sinceBoot };
  const judgement = { judgement: judgementDetail(judged) };
  const standing = standingOf([...own, soonSealed(place, context.run, key, at, judgement)], entry.suspicious_approved);
  const pruning = decidePruning(entry, asRetentionSees(points, own, standing), fresh, timeZone);
  const base = points.find(({ manifest }) => manifest.id === made.base)?.manifest;
  const as = made.outcome === 'same' && base !== undefined ? base : undefined;
  const excluded = excludedOf(entry, source);
  for (const line of made.words.split('\n').filter(Boolean).slice(0, 200)) context.log(shown(line));
  const manifest = await seal(place, context, {
    ...{ takenAt, source: factsOfTree(source, entry), parts: made.parts },
    counts: as?.counts ?? { ...made.counts, excluded: made.excluded },
    details: {
      scan: as?.details['scan'] ?? made.scan ?? '',
      attributes_listed: as?.details['attributes_listed'] ?? made.attributes,
      outcome: made.outcome,
      ...(made.base === undefined ? {} : { base: made.base }),
      ...(made.outcome === 'changed' ? { changes: { ...made.changes } } : {}),
      content: contentOf(made, base?.details['content']),
      not_copied: [...namesOf(made, 'missing')],
      changed_while_copied: [...namesOf(made, 'unsettled')],
      excluded: excluded.map((one) => asGiven(one)),
      ...judgement,
    },
    ...{ tools: as?.tools ?? (await toolsOf(copying)), policy: pruning.policy, sinceBoot },
  });
  await settleHolds(machine.files, own, standing);
  const paths = excluded.map(({ path }) => path);
  const weak = [...weakIn(label, made, paths), ...suspicionIn(label, standing)];
  const item = { name: label, workload, done: weak.length === 0, bytes: manifest.counts['bytes'] ?? 0 };
  const result = withItemResults(
    { ...sealedResult(manifest, place.sealed), source: label, outcome: made.outcome, changes: { ...made.changes } },
    { items: [weak.length === 0 ? { ...item, takenAt: at } : { ...item, says: weak.join('; ').slice(0, 1000) }] },
  );
  const remarks = [...remarksOn(label, made), ...unjudgedIn(label, judged, own)];
  return { result, degraded: weak, expands: comesAfter(copying, pruning, remarks) };
}

/** Where each digest comes from: files whose content was read for this point, and the point that the others were carried from. */
function contentOf({ outcome, base, changes, counts }: Made, before: Json | undefined): Json {
  if (outcome === 'full') return { read: counts['files'] ?? 0 };
  const read = ['new', 'changed', 'touched'].reduce((sum, fate) => sum + (changes[fate] ?? 0), 0);
  return { read, carried_from: base ?? null, ...(before === undefined || read > 0 ? {} : { there: before }) };
}

async function toolsOf({ machine }: Placed): Promise<Readonly<Record<string, string | undefined>>> {
  const tools = ['find', 'tar', 'rsync', 'getfattr'] as const;
  const versions = await Promise.all(tools.map((tool) => versionOf(machine, tool)));
  return Object.fromEntries(tools.map((tool, at) => [tool, versions[at]]));
}

function comesAfter(copying: Placed, pruning: Pruning, remarks: readonly string[]): ChildPlan {
  const { entry, source, key, timeZone } = copying;
  const subject = refOfTree(source, entry);
  const notes: Note[] = [
    ...pruning.remarks.map((remark) => ({ subject, ...remark })),
    ...remarks.map((says): Note => ({ subject, level: 'warning', says })),
  ];
  const prunes = pruneSteps({ entry, source: key, after: [] }, pruning.remove);
  const weeks = weeksStep(
    entry,
    timeZone,
    source,
    prunes.map(({ id }) => id),
  );
  return { because: ['the new point is sealed'], steps: [...prunes, ...weeks], notes, afterFailure: 'keep' };
}

const instantOf = (text: string): Instant => {
  const at = parseInstant(text);
  if (at === undefined) throw new Error(`a plan gave ${text} as a time`);
  return at;
};

/** Nothing newer is there to copy: the point of that snapshot is as old as the snapshot, and is not made young by a second copy. */
async function copiedBefore(
  { entry, machine, label, workload }: Placed,
  { manifest, folder }: RestorePoint,
  own: readonly RestorePoint[],
): Promise<Done> {
  const standing = standingOf(own, entry.suspicious_approved);
  await settleHolds(machine.files, own, standing);
  const suspicion = suspicionIn(label, standing);
  const item = { name: label, workload, done: suspicion.length === 0, bytes: manifest.counts['bytes'] ?? 0 };
  const says = suspicion.length === 0 ? { takenAt: manifest.takenAt } : { says: suspicion.join('; ').slice(0, 1000) };
  const result = { ...sealedResult(manifest, folder), source: label };
  return { result: withItemResults(result, { items: [{ ...item, ...says }] }), degraded: suspicion };
}

/** A new volume may well be empty. What had files before, and a folder that somebody declared, are not: nothing was mounted there, or all is gone. */
function nothingCopied({ source, label, workload, takenAt }: Placed, own: readonly RestorePoint[]): Done {
  if (source.of === 'volume' && own.length === 0) {
    const item = { name: label, workload, done: true, takenAt: instantOf(takenAt), bytes: 0 };
    return { result: withItemResults({ source: label, point: null }, { items: [item] }) };
  }
  throw new Fault('source-empty', {
    where: label,
    says: `there is nothing in it${own.length > 0 ? ', and there was when it was last copied' : ''}; no point was made, and none was removed`,
    remedy: 'see whether its disk or share is mounted; where it is to be empty, take it out of the estate',
  });
}
