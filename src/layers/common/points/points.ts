// The restore points that are there: each is read from its own folder, and what cannot be one is said, not left out.
import { join } from 'node:path';
import type { Files, Machine } from '../../../machines/machine.ts';
import type { Note } from '../../../model/plan.ts';
import type { Manifest, RestorePoint } from '../../../model/restore-point.ts';
import { bytes, formatSize } from '../../../values/size.ts';
import { cut, shown } from '../../../values/text.ts';
import type { PointEntry } from './entry.ts';
import { readManifest } from './manifest.ts';
import { holdName, layerFolder, manifestName, otherThan, pointRef } from './places.ts';

type Owner = Pick<PointEntry, 'name' | 'kind' | 'to'>;

export type Inventory = Readonly<{
  /** sealed, oldest first */
  points: readonly RestorePoint[];
  /** folders that are no restore point, and why */
  notes: readonly Note[];
}>;

/**
 * @param machine the one that the points lie on
 * @param beside names in the layer's folder that are its own, and no points
 */
export async function readPoints(machine: Machine, entry: Owner, beside: readonly string[] = []): Promise<Inventory> {
  const folder = layerFolder(entry);
  const points: RestorePoint[] = [];
  const notes: Note[] = [];
  for (const name of (await machine.files.list(folder)) ?? []) {
    if (beside.includes(name)) continue;
    const read = await readPoint(machine, entry, folder, name);
    if ('manifest' in read) points.push(read);
    else notes.push({ subject: pointRef(entry.name, name), ...read });
  }
  return { points: points.sort(byAge), notes };
}

const byAge = ({ manifest: one }: RestorePoint, { manifest: other }: RestorePoint): number =>
  one.takenAt === other.takenAt ? (one.id < other.id ? -1 : 1) : one.takenAt < other.takenAt ? -1 : 1;

type Remark = Pick<Note, 'level' | 'says'>;
const warning = (says: string): Remark => ({ level: 'warning', says });

async function readPoint(machine: Machine, entry: Owner, layer: string, name: string): Promise<RestorePoint | Remark> {
  const remark = remarkOn(name);
  if (remark !== undefined) return remark;
  const folder = join(layer, name);
  const { files } = machine;
  if ((await files.info(folder))?.type !== 'folder') return warning('it is no folder, and not of Holdfast');
  const manifest = await readManifest(files, folder);
  if ('problem' in manifest) return warning(manifest.problem);
  if (manifest.id !== name) return warning(`its ${manifestName} is that of ${shown(manifest.id)}`);
  if (manifest.layer !== entry.name) return warning(`it belongs to the layer ${shown(manifest.layer)}`);
  if (manifest.kind !== entry.kind) return warning(`a layer of the kind ${shown(manifest.kind)} made it`);
  const problem = await problemOfParts(files, folder, manifest);
  if (problem !== undefined) return warning(problem);
  const size = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  return { manifest, machine: machine.name, folder, bytes: size, held: await holdOf(files, folder) };
}

function remarkOn(name: string): Remark | undefined {
  switch (otherThan(name)) {
    case undefined:
      return undefined;
    case 'unfinished':
      return { level: 'info', says: 'a copy that is being written, or was given up by a run that nobody has finished' };
    case 'half removed':
      return { level: 'info', says: 'a point that is being removed, or was when its run ended' };
    case 'foreign':
      return warning('it is not of Holdfast');
  }
}

/** Sizes only: that every bit is right is what a restore and `verify` prove. */
export async function problemOfParts(
  files: Files,
  folder: string,
  { parts }: Pick<Manifest, 'parts'>,
): Promise<string | undefined> {
  for (const { name, bytes: expected } of parts) {
    const found = await files.info(join(folder, name));
    if (found?.type !== 'file') return `its ${name} is missing`;
    if (found.size !== expected)
      return `its ${name} has ${formatSize(bytes(found.size))}, and ${formatSize(bytes(expected))} were written`;
  }
  return undefined;
}

/** A hold whose reason cannot be read is still a hold. */
export async function holdOf(files: Files, folder: string): Promise<string | undefined> {
  const path = join(folder, holdName);
  const found = await files.info(path);
  if (found === undefined) return undefined;
  if (found.type !== 'file' || found.size > 4096) return 'no reason that could be read';
  const reason = Buffer.from((await files.read(path, 4096)) ?? '').toString();
  return cut(shown(reason.trim()), 500) || 'no reason is given';
}
