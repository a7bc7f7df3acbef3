// What is done once both ends are known: a step for each point that is missing there, and after them the removal of what has had its time.
// Pure.
import type { ItemResults } from '../../model/item-results.ts';
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { hours } from '../../values/duration.ts';
import type { Keep } from '../../values/retention.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { count } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane } from '../common/points/places.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import { bytesOf, decide, type Sending } from './decide.ts';
import type { Seen } from './look-there.ts';
import { copyRef, idOf, placeRef } from './places.ts';
import type { OffsiteEntry, SourceLayer } from './schema.ts';
import { type Sent, sentKey } from './sent.ts';
import { sourceKeyOf } from './source-key.ts';
import type { SourcePoints } from './sources.ts';
import type { Target } from './target.ts';
import { withheldIn } from './withheld.ts';

export type Looked = Readonly<{
  entry: OffsiteEntry;
  layers: readonly SourceLayer[];
  timeZone: string;
  run: RunId;
  target: Pick<Target, 'yields' | 'reads' | 'nameFor' | 'at' | 'where'>;
  ends: Readonly<{ target: Readonly<{ name: string }> | undefined }>;
  sources: readonly SourcePoints[];
  /** undefined where nobody can read what lies there */
  seen: Seen | undefined;
  sent: Sent;
  before: Keep | undefined;
  notes: readonly Note[];
}>;

/** `agreed`: nothing hinders what `keep` lets go. */
export type Planned = Readonly<{ plan: ChildPlan; agreed: boolean }>;

export function childPlan(looked: Looked): Planned {
  const { entry, sources, seen, run, target, timeZone } = looked;
  const copies = seen?.copies ?? [];
  const points = sources.flatMap((one) => one.points);
  const unsent = seen === undefined ? points.filter((point) => wasSent(looked, point) === undefined) : points;
  const decision = decide({
    ...{
      keep: entry.keep,
      before: looked.before,
      prune_at_most: entry.prune_at_most,
      newestFirst: entry.newest_first === true,
      timeZone,
    },
    ...{ sources: unsent, copies, withheld: withheldIn(looked.layers, points) },
    nameOf: ({ manifest }) => target.nameFor(manifest.id, run),
  });
  const send = decision.send.map((one) => sendStep(looked, one));
  const after = send.map(({ id }) => id);
  const prune = target.yields ? decision.remove.flatMap((removal) => pruned(looked, removal, after)) : [];
  const subject = placeRef(entry);
  const notes: Note[] = [
    ...looked.notes,
    ...decision.remarks.map((remark) => ({ subject, ...remark })),
    ...decision.withheld.map(({ point, says }) => ({ subject: refOf(entry, point), level: 'warning' as const, says })),
    ...pastNotes(looked, decision.past),
    ...ownerNotes(looked, decision.remove),
    ...unverifiedNotes(looked, points),
  ];
  const plan: ChildPlan = {
    because: [because(decision.send, copies.length, seen !== undefined)],
    steps: [...send, ...prune],
    notes,
    afterFailure: 'alone',
    itemResults: expectedOf(looked, decision),
  };
  return { plan, agreed: decision.agreed };
}

const refOf = ({ name }: OffsiteEntry, { manifest }: RestorePoint) => copyRef(name, manifest.layer, manifest.id);
const wasSent = ({ sent }: Looked, { manifest }: RestorePoint): string | undefined =>
  sent[sentKey(manifest.layer, manifest.id)];

function because(send: readonly Sending[], copies: number, known: boolean): string {
  const size = send.reduce((sum, { point }) => sum + bytesOf(point.manifest), 0);
  const missing =
    send.length === 0
      ? 'nothing is missing there'
      : `${count(send.length, 'point')} (${formatSize(bytes(size))}) missing there`;
  return known
    ? `${count(copies, 'verified copy', 'verified copies')} there, ${missing}`
    : `${missing}, as far as this machine remembers`;
}

function sendStep(looked: Looked, { point, bases }: Sending): Step {
  const { entry, layers, run, target, seen } = looked;
  const { manifest } = point;
  const there = seen?.unverified.find(
    (one) => one.point.manifest.id === manifest.id && one.point.manifest.layer === manifest.layer,
  );
  const name = there?.name ?? target.nameFor(manifest.id, run);
  // What was begun and came to no end may have been compared and found wrong for what it was linked to.
  const again = seen?.unfinished.some((one) => one.layer === manifest.layer && idOf(one.name) === manifest.id) === true;
  return {
    id: `send-${manifest.layer}-${manifest.id}`,
    kind: 'offsite.send',
    subject: refOf(entry, point),
    act: 'create',
    title: `${there === undefined ? 'send' : 'verify'} ${manifest.layer} ${manifest.id} (${formatSize(bytes(bytesOf(manifest)))})`,
    because: [bases.length === 0 ? 'it is the first of its source there' : `it is sent as a change of ${bases[0]}`],
    changes: [],
    after: [],
    lanes: [lane(entry.to_machine ?? entry.machine, target.at)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({
      ...{
        entry,
        layers,
        layer: manifest.layer,
        id: manifest.id,
        manifest: digestOf(manifest),
        name,
        bases: again ? [] : bases,
      },
      ...{ workload: manifest.workload, sent: there !== undefined },
    }),
    wayBack: 'undo',
    expands: false,
    // Both ends read the whole of a point without a word while they compare.
    patience: hours(6),
  };
}

function pruned(
  { entry, target, ends }: Looked,
  removal: ReturnType<typeof decide>['remove'][number],
  after: readonly string[],
): readonly Step[] {
  const { layer, kind, workload } = removal.point.manifest;
  const machine = ends.target?.name ?? entry.machine;
  const pseudo = { name: layer, kind, workload, machine, keep: entry.keep, to: target.at };
  return pruneSteps({ entry: pseudo, source: sourceKeyOf(removal.point.manifest), after }, [removal]).map((step) => ({
    ...step,
    id: `${step.id}-${layer}`,
  }));
}

const pastNotes = ({ entry }: Looked, past: readonly RestorePoint[]): readonly Note[] =>
  past.length === 0
    ? []
    : [
        {
          subject: placeRef(entry),
          level: 'info',
          says: `${count(past.length, 'sealed point')} not sent: the retention of the target would remove them at once`,
        },
      ];

/** What this side has no right to, and its owner may want to know. */
function ownerNotes({ entry, target }: Looked, remove: ReturnType<typeof decide>['remove']): readonly Note[] {
  if (target.yields || remove.length === 0) return [];
  const folders = remove.map(({ point }) => point.folder).join(', ');
  const says = `${count(remove.length, 'copy', 'copies')} beyond \`keep\`; only the owner of the target may remove them: ${folders}`;
  return [{ subject: placeRef(entry), level: 'info', says }];
}

function unverifiedNotes(looked: Looked, points: readonly RestorePoint[]): readonly Note[] {
  if (looked.seen !== undefined) return [];
  const sent = points.filter((point) => wasSent(looked, point) !== undefined).length;
  const says = `${count(sent, 'point')} sent before, unverified: the estate gives no key that reads there, so nothing counts as a copy. Give the machine \`rsync: { read: ... }\``;
  return [{ subject: placeRef(looked.entry), level: 'warning', says }];
}

function expectedOf(looked: Looked, { send, withheld }: ReturnType<typeof decide>): ItemResults {
  const { sources } = looked;
  const nameOf = ({ manifest }: RestorePoint) => sentKey(manifest.layer, manifest.id);
  const silent = sources.filter(({ points }) => points.length === 0);
  const unverified =
    looked.seen === undefined
      ? sources.flatMap((one) => one.points).filter((point) => wasSent(looked, point) !== undefined)
      : [];
  return {
    expected: [
      ...send.map(({ point }) => ({
        name: nameOf(point),
        workload: point.manifest.workload,
        step: `send-${point.manifest.layer}-${point.manifest.id}`,
      })),
      ...withheld.map(({ point, says }) => ({ name: nameOf(point), workload: point.manifest.workload, says })),
      ...unverified.map((point) => ({
        name: nameOf(point),
        workload: point.manifest.workload,
        says: 'sent, unverified',
      })),
      ...silent.map(({ layer, unread }) => ({
        ...{ name: layer.name, workload: layer.workload },
        says: unread === undefined ? 'it has no sealed point to send' : `its points cannot be read: ${unread.says}`,
      })),
    ],
    excluded: [],
  };
}
