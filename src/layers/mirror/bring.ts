// The step `mirror.bring`: reads the journal, looks where it says, decides, and brings what is new beside the mirror. Its child plan
// then puts it in place, so that what a run is about to displace stands in the plan before the first of it is.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Path } from '../../model/change-journal.ts';
import type { Part, RestorePoint } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import type { Instant } from '../../values/instant.ts';
import { count, cut, shown } from '../../values/text.ts';
import { asGiven, givenOf } from '../common/given.ts';
import type { Amount } from '../common/judgement/amount.ts';
import { judgementDetail } from '../common/judgement/record.ts';
import { standingOf, withHolds } from '../common/judgement/standing.ts';
import { checkDestination } from '../common/points/destination.ts';
import { proveWritten, writtenPart } from '../common/points/part.ts';
import { pointId } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { beginPoint, pointPlace } from '../common/points/sealing.ts';
import { anyEncrypted, protectionOf, refuseWeaker } from '../common/protection.ts';
import { childPlan } from './child-plan.ts';
import type { Decision } from './decide.ts';
import { type Decided, decided } from './decided.ts';
import { lastPass } from './full-pass.ts';
import { bringGiven } from './given.ts';
import { judgedContent, suspicionsIn } from './judged.ts';
import { checkMark, sourceMark } from './mark.ts';
import { asNames, besidePoints, type MirrorPlace, mirrorPlace, parentOf, partNames, readable } from './places.ts';
import { asRecords, renamesOf } from './renames.ts';
import { type Staged, stage } from './stage.ts';
import { amountOf } from './states.ts';
import { leadBack, leadBackOthers } from './turning.ts';
import type { Going } from './went-through.ts';

const placed = (context: StepContext) => {
  const { entry, timeZone } = givenOf(bringGiven, context.step);
  return { entry, timeZone, place: mirrorPlace(context.world, entry, context.run) };
};

export const bringKind: StepKind = {
  name: 'mirror.bring',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, timeZone, place } = placed(context);
    const { clock } = context.world;
    const now = clock.now();
    const mark = await sourceMark(place.source, entry.name, entry.from.folder);
    await checkDestination(place.machine, entry);
    await refuseWeakerCopy(place, context.signal);
    await checkMark(place.machine, place.root, mark);
    await leadBackOthers(place.machine, place.root, context.log);
    const id = pointId(now, context.run);
    await beginPoint(pointPlace(context, entry, id), context);
    const { points } = await readPoints(place.machine, entry, besidePoints);
    const known = await decided(place, { mark, now, points }, context);
    const staged = await stage(place, known.decision, known, context);
    const decision = withoutStranded(known.decision, staged);
    const owed = [...new Set([...decision.owed, ...staged.missing, ...staged.moving])];
    const parts = await written(place, decision, staged, owed, context);
    const counts = countsOf(known, decision, staged, owed);
    const { judged, standing, unjudged } = await content(
      { place, decision, staged },
      known,
      { points, id, now },
      context,
    );
    return {
      result: asGiven({ counts }),
      degraded: [...says(known, staged, decision), ...suspicionsIn(standing)],
      expands: childPlan({
        ...{ entry, timeZone, run: context.run, id, now, sinceBoot: clock.sinceBoot?.(), remarks: unjudged },
        points: withHolds(points, standing),
        ...{
          weighed: known.weighed,
          counts,
          parts,
          details: { ...detailsOf(known, now), judgement: judgementDetail(judged) },
        },
        ...{ source: known.mark, journal: journalTo(known.changes) },
        first: !known.mirrored,
      }),
    };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what was brought is in no mirror yet' }),
  undo: (context) => giveBack(context),
  release: (context) => giveBack(context),
};

type Sealing = Readonly<{ points: readonly RestorePoint[]; id: string; now: Instant }>;

/** What is to be said of what the run brings, and what follows for the points that are there. */
async function content(going: Going, known: Decided, { points, id, now }: Sealing, context: StepContext) {
  const { entry, machine } = going.place;
  const newest = points.find(({ manifest }) => manifest.id === known.newest?.manifest.id);
  const { standing, files, canaries } = known;
  const mirrored = { files, bytes: known.newest?.manifest.counts['bytes'] ?? 0 };
  const before = known.mirrored && newest !== undefined ? { newest, mirrored, standing } : undefined;
  const judged = await judgedContent(going, before, canaries, context);
  const soon: RestorePoint = {
    manifest: {
      ...{ format: 1, id, layer: entry.name, kind: entry.kind, workload: entry.workload, takenAt: now, sealedAt: now },
      ...{ run: context.run, source: known.mark, counts: {}, parts: [], tools: {} },
      details: { judgement: judgementDetail(judged) },
    },
    ...{ machine: machine.name, folder: '', bytes: 0, held: undefined },
  };
  return {
    judged,
    standing: standingOf([...points, soon], entry.suspicious_approved),
    unjudged:
      judged.verdict === 'not known' && points.length > 0
        ? [`whether its content was damaged is not known: ${judged.because}`]
        : [],
  };
}

/** A share on encrypted disks lies in the clear nowhere else. */
async function refuseWeakerCopy({ source, machine, entry }: MirrorPlace, signal: AbortSignal): Promise<void> {
  if (!(await anyEncrypted(source, [entry.from.folder], signal))) return;
  const declared = entry.protected?.reason;
  refuseWeaker(await protectionOf(machine, entry.to, signal), entry.to, { declared, encrypted: false });
}

/** A sealed run has another name, and stays. */
async function giveBack(context: StepContext): Promise<void> {
  const { machine, root, partial, run } = placed(context).place;
  if ((await machine.files.info(join(root, partial))) !== undefined) await leadBack({ machine, root, partial, run });
}

/** What was to go into a folder that did not come stays where it is, and is looked at again. */
function withoutStranded(decision: Decision, { missing }: Staged): Decision {
  if (missing.length === 0) return decision;
  const lost = new Set(missing);
  const isLost = (path: Path): boolean => {
    for (let one = path; one !== ''; one = parentOf(one)) if (lost.has(one)) return true;
    return false;
  };
  const stranded = decision.moved.filter(({ to, into }) => into && isLost(to));
  return {
    ...decision,
    moved: decision.moved.filter((one) => !stranded.includes(one)),
    owed: [...decision.owed, ...stranded.flatMap(({ from, to }) => [from, to])],
  };
}

async function written(
  { machine, root, partial, work, run }: MirrorPlace,
  decision: Decision,
  { arrived }: Staged,
  owed: readonly Path[],
  context: StepContext,
): Promise<readonly Part[]> {
  // A folder that leaves as a whole leaves later than what is moved out of it, and has another time by then.
  const changed = [
    ...decision.folders.flatMap(({ before }) => (before === undefined ? [] : [before])),
    ...decision.moved.map(({ from }) => parentOf(from)),
  ];
  const contents = {
    [partNames.renames]: asRecords(renamesOf(decision, arrived, work, run)),
    [partNames.folders]: asNames(new Set(changed)),
    [partNames.owed]: asNames(owed),
  };
  const parts: Part[] = [];
  await machine.files.write(join(root, work, 'attributes'), asNames(decision.folders.map(({ path }) => path)), 0o600);
  for (const [name, content] of Object.entries(contents)) {
    const path = join(root, partial, name);
    const part = await writtenPart(machine, path, pieces(content));
    await proveWritten(machine, path, part, context);
    parts.push(part);
  }
  return parts;
}

async function* pieces(content: Buffer): AsyncGenerator<Uint8Array> {
  if (content.length > 0) yield content;
}

const journalTo = ({ journal, upTo, until }: Decided['changes']) => ({ id: journal, up_to: upTo, until });

function countsOf(
  { files, newest, weighed, missed, damaged }: Decided,
  { moved, displaced, renamed }: Decision,
  { arrived, bytes }: Staged,
  owed: readonly Path[],
) {
  const sum = (figures: readonly number[]) => figures.reduce((all, one) => all + one, 0);
  const came = arrived.map(({ state }) => amountOf(state));
  const left = [...displaced, ...arrived.flatMap(({ bring: { replaces } }) => replaces ?? [])].map(({ state }) =>
    amountOf(state),
  );
  const more = (of: keyof Amount) => sum(came.map((one) => one[of])) - sum(left.map((one) => one[of]));
  return {
    ...{ files: files + more('files'), bytes: (newest?.manifest.counts['bytes'] ?? 0) + more('bytes') },
    ...{ brought: sum(came.map((one) => one.files)), brought_bytes: bytes, removed: weighed.removed },
    ...{
      overwritten: weighed.overwritten,
      renamed: moved.length + renamed.length,
      owed: owed.length,
      ...{ missed: missed.length, damaged: damaged.length },
    },
  };
}

const detailsOf = ({ newest, changes, weighed, pass, mirrored, used, agreed }: Decided, now: string) => ({
  after: newest?.manifest.id ?? null,
  journal: { id: changes.journal, from: changes.from, up_to: changes.upTo },
  displaced: weighed.digest,
  full_pass_at: pass !== 'none' || !mirrored ? now : (lastPass(newest?.manifest) ?? null),
  content_pass_at: pass === 'contents' || !mirrored ? now : (lastPass(newest?.manifest, 'content_pass_at') ?? null),
  approvals_used: [...used, ...agreed.digests],
});

const most = 20;
const some = (paths: readonly Path[]): string =>
  `${paths
    .slice(0, most)
    .map((path) => cut(shown(readable(path)), 200) || '(the share itself)')
    .join(', ')}${paths.length > most ? ` and ${paths.length - most} more` : ''}`;

/** What the run lacks, each by name. */
function says({ missed, damaged, changes }: Decided, { missing }: Staged, { owed }: Decision): readonly string[] {
  const late = [...missing, ...owed];
  return [
    ...(late.length === 0
      ? []
      : [
          `${count(late.length, 'name')} could not be brought, and ${late.length === 1 ? 'is' : 'are'} looked at again by the next run: ${some(late)}`,
        ]),
    ...(damaged.length === 0
      ? []
      : [
          `${count(damaged.length, 'file')} had other content than on the share, with the same size and times: one of the two disks has lost it (dmesg, smartctl). The share's is in the mirror now, what the mirror had is kept; compare both while it is: ${some(damaged)}`,
        ]),
    ...(missed.length === 0
      ? []
      : [
          `the full pass found ${count(missed.length, 'name')} that the journal had missed, and repaired ${missed.length === 1 ? 'it' : 'them'}: ${some(missed)}`,
        ]),
    ...(changes.watch.state === 'silent'
      ? [`nobody writes the change journal (${changes.watch.says}): the whole share was compared`]
      : []),
  ];
}
