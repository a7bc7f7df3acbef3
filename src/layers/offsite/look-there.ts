// What a place of copies holds, judged by each manifest: copies, what was sent and never verified, and everything else by name.
import { join } from 'node:path';
import type { Note } from '../../model/plan.ts';
import type { Manifest } from '../../model/restore-point.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import { readManifest } from '../common/points/manifest.ts';
import { manifestName, otherThan } from '../common/points/places.ts';
import { holdOf, problemOfParts } from '../common/points/points.ts';
import type { Copy } from './decide.ts';
import { copyRef, idOf, markName, unverifiedName } from './places.ts';
import type { Reader } from './reader.ts';
import type { OffsiteEntry } from './schema.ts';

export type Seen = Readonly<{
  copies: readonly Copy[];
  /** whole as far as anybody knows, and read back by nobody */
  unverified: readonly Copy[];
  /** folders of attempts that came to no end */
  unfinished: readonly Readonly<{ layer: string; name: string }>[];
  notes: readonly Note[];
}>;

/** A layer whose copies may lie there, and of which kind it is where that is known. */
type Known = Readonly<{ name: string; kind?: string }>;

/** @param where the name of the machine, for the points; `at` the place as it is there */
export async function lookThere(
  reader: Reader,
  entry: Pick<OffsiteEntry, 'name'>,
  layers: readonly Known[],
  place: Readonly<{ where: string; at: string }>,
): Promise<Seen> {
  const { files, folder } = reader;
  const seen = { copies: [] as Copy[], unverified: [] as Copy[], unfinished: [] as { layer: string; name: string }[] };
  const notes: Note[] = [];
  const note = (layer: string, name: string, says: string, level: Note['level'] = 'warning') =>
    notes.push({ subject: copyRef(entry.name, layer, name), level, says });
  for (const top of (await files.list(folder)) ?? []) {
    const layer = layers.find(({ name }) => name === top);
    if (layer === undefined) {
      if (top !== markName) note(top, '', 'it is of no layer in `points_of`: it is left as it is');
      continue;
    }
    for (const name of (await files.list(join(folder, top))) ?? []) {
      const other = otherThan(name);
      if (other === 'foreign') note(top, name, 'it is not of Holdfast, and is left');
      if (other === 'unfinished') note(top, name, 'a copy that is being sent, or was given up', 'info');
      if (other === 'half removed') note(top, name, 'a copy that is being removed, or was when its run ended', 'info');
      if (other !== undefined) continue;
      const at = join(folder, top, name);
      const pointOf = async (manifest: Manifest): Promise<Copy> => ({
        name,
        point: {
          ...{ manifest, machine: place.where, folder: `${place.at}/${top}/${name}` },
          bytes: manifest.parts.reduce((sum, part) => sum + part.bytes, 0),
          held: await holdOf(files, at),
        },
      });
      const sealed = await readManifest(files, at);
      if (!('problem' in sealed)) {
        const problem = await problemWith(reader, at, name, sealed, layer);
        if (problem === undefined) seen.copies.push(await pointOf(sealed));
        else note(top, name, problem);
        continue;
      }
      const sent = await readManifest(files, at, unverifiedName);
      if (!('problem' in sent) && idOf(name) === sent.id) seen.unverified.push(await pointOf(sent));
      else if (idOf(name) !== name && (await files.info(join(at, manifestName))) === undefined)
        seen.unfinished.push({ layer: top, name });
      else note(top, name, sealed.problem);
    }
  }
  return { ...seen, notes };
}

async function problemWith(
  { files, whole }: Reader,
  at: string,
  name: string,
  manifest: Manifest,
  layer: Known,
): Promise<string | undefined> {
  if (idOf(name) !== manifest.id) return `its manifest is that of ${shown(manifest.id)}`;
  if (manifest.layer !== layer.name) return `it belongs to the layer ${shown(manifest.layer)}`;
  if (layer.kind !== undefined && manifest.kind !== layer.kind)
    return `a layer of the kind ${shown(manifest.kind)} made it`;
  return whole ? problemOfParts(files, at, manifest) : undefined;
}

/** What an attempt that came to no end takes there, where nobody here may remove it. */
export const leftoverNote = (entry: string, layer: string, name: string, size: number | undefined): Note => ({
  subject: copyRef(entry, layer, name),
  level: 'warning',
  says: `an attempt that came to no end${size === undefined ? '' : ` (${formatSize(bytes(size))})`}: no manifest seals it, nothing counts it, and only the owner of the target may remove it`,
});
