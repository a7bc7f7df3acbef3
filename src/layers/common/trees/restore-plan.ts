// The plan of bringing the tree of a point back into an empty folder: unpack beside, compare, then move into place. Pure.

import type { Planned, RestoreWish } from '../../../contracts/layer.ts';
import type { Note, Refusal } from '../../../model/plan.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Step } from '../../../model/step.ts';
import type { Json } from '../../../values/canonical.ts';
import { minutes } from '../../../values/duration.ts';
import { ref } from '../../../values/ref.ts';
import type { SecretReference } from '../../../values/secret-reference.ts';
import { formatSize, bytes as sizeOf } from '../../../values/size.ts';
import { count, shown } from '../../../values/text.ts';
import { asGiven } from '../given.ts';
import { type PointEntry, pointsMachine } from '../points/entry.ts';
import { asChosen } from '../points/expects.ts';
import { lane, layerFolder, targetRef } from '../points/places.ts';
import type { Scouted } from './scout.ts';
import { emptyTarget } from './target.ts';

/** An entry of a layer whose points hold a tree. */
export type TreeEntry = PointEntry &
  Readonly<{ restore_devices?: boolean | undefined; identity?: SecretReference | undefined }>;

/**
 * @param inPlace why such a point is not put back in place of what is there now
 * @param scouted of `scoutTree`
 */
export function planTreeRestore(
  entry: TreeEntry,
  { point, target, only }: RestoreWish,
  inPlace: string,
  scouted: Json = null,
): Planned {
  if (target === undefined) return { steps: [], notes: [], refusals: [withoutTarget(entry, inPlace)] };
  const part = scouted as unknown as Scouted | null;
  if (only !== undefined && part === null)
    throw new Error('a part of a point is planned without having been looked for');
  const wish = { point, target, part };
  const refusal = refusalOf(entry, wish);
  if (refusal !== undefined) return { steps: [], notes: [], refusals: [refusal] };
  const unpack = unpackStep(entry, wish);
  return { steps: [unpack, settleStep(unpack, wish)], notes: notesOn(entry, wish), refusals: [] };
}

/** `part`: what is brought back of the point, where that is not all of it */
type Wish = Readonly<{ point: RestorePoint; target: string; part: Scouted | null }>;

export const withoutTarget = ({ name }: PointEntry, says: string): Refusal => ({
  subject: ref('layer', name),
  code: 'target-missing',
  says,
  remedy: 'say where to: --to FOLDER, absent or empty',
});

function refusalOf(entry: TreeEntry, { target, part }: Wish): Refusal | undefined {
  return targetRefused(entry, target) ?? (part === null ? undefined : partRefused(entry, part));
}

/** A restore below the destination would be taken for a point, and one above it would bury the points. */
export function targetRefused(entry: PointEntry, target: string): Refusal | undefined {
  const subject = targetRef(pointsMachine(entry), target);
  if (!/^\/[^\0]*$/.test(target) || /\/\.{0,2}(\/|$)/.test(target))
    return {
      subject,
      code: 'target-not-absolute',
      says: `${shown(target)} is not an absolute path without \`.\`, \`..\` and doubled slashes`,
      remedy: 'give the target as /folder/folder',
    };
  const own = layerFolder(entry);
  if (`${target}/`.startsWith(`${own}/`) || `${own}/`.startsWith(`${target}/`))
    return {
      subject,
      code: 'target-among-points',
      says: `${shown(target)} and the folder of the restore points (${shown(own)}) lie within each other`,
      remedy: 'choose a target elsewhere',
    };
  return undefined;
}

function partRefused({ name, restore_devices }: TreeEntry, { path, type }: Scouted): Refusal | undefined {
  const isDevice = type === 'block' || type === 'character';
  if (type !== 'socket' && !(isDevice && restore_devices !== true)) return undefined;
  return {
    subject: ref('layer', name),
    code: 'path-not-kept',
    says: `${shown(path)} is ${isDevice ? 'a device node, and those are left out' : 'a socket, which is not kept'}`,
    remedy: isDevice ? 'set `restore_devices: true` on the layer' : 'start its program, which makes it anew',
  };
}

function notesOn(entry: TreeEntry, { point, target, part }: Wish): readonly Note[] {
  const { devices = 0, sockets = 0 } = countsOf(point, part);
  const subject = targetRef(pointsMachine(entry), target);
  const notes: Note[] = [];
  if (devices > 0 && entry.restore_devices !== true)
    notes.push({
      subject,
      level: 'warning',
      says: `${count(devices, 'device node')} of the point ${devices === 1 ? 'is' : 'are'} left out: set \`restore_devices: true\` on the layer to have them made`,
    });
  if (sockets > 0)
    notes.push({
      subject,
      level: 'info',
      says: `${count(sockets, 'socket')} ${sockets === 1 ? 'was' : 'were'} not kept: their programs make them anew`,
    });
  return notes;
}

const countsOf = (point: RestorePoint, part: Scouted | null): Readonly<Record<string, number>> =>
  part?.counts ?? point.manifest.counts;

function unpackStep(entry: TreeEntry, { point, target, part }: Wish): Step {
  const { manifest, machine, folder } = point;
  const { files = 0, folders = 0, bytes = 0 } = countsOf(point, part);
  const only = part?.path;
  return {
    id: 'unpack',
    kind: 'tree.unpack',
    subject: targetRef(machine, target),
    act: 'do',
    title: `unpack ${only === undefined ? '' : `only ${shown(only)}: `}${count(files, 'file')} in ${count(folders, 'folder')} (${formatSize(sizeOf(bytes))}) below ${shown(target)}`,
    because: [`the point ${manifest.id} was chosen, taken at ${manifest.takenAt} and sealed at ${manifest.sealedAt}`],
    changes: [],
    after: [],
    lanes: [lane(machine, target), lane(machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [
      asChosen(entry, manifest),
      { subject: targetRef(machine, target), says: 'the target is an empty folder or none', digest: emptyTarget },
    ],
    given: asGiven({
      machine,
      folder,
      target,
      devices: entry.restore_devices === true,
      identity: entry.identity,
      only,
    }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(30),
  };
}

const settleStep = (unpack: Step, { point, target }: Wish): Step => ({
  ...unpack,
  id: 'settle',
  kind: 'tree.settle',
  title: `compare what was unpacked with the listing of the point, then move it into ${shown(target)}`,
  because: [`nothing of ${point.manifest.id} appears in ${shown(target)} before all of it was compared`],
  after: [unpack.id],
  expects: [],
});
