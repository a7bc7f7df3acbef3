// Where a layer that copies reads from: a volume's snapshot, or a folder.
import * as z from 'zod';
import { digestOf, type Json } from '../../../values/canonical.ts';
import { type Ref, ref } from '../../../values/ref.ts';
import { shown } from '../../../values/text.ts';
import { sinceBootSchema } from '../points/since-boot.ts';
import type { SourceKey } from '../points/source.ts';
import { volumeSchema } from '../volume/volume.ts';

export const volumeSource = z.strictObject({
  of: z.literal('volume'),
  volume: volumeSchema,
  /** of which snapshot layer */
  layer: z.string(),
  /** what stays the same when the volume is swapped for a copy of its own snapshot */
  line: z.string(),
  handle: z.string(),
  origin: z.string(),
  claim: z.string().optional(),
  taken: z.iso.datetime(),
  since_boot: sinceBootSchema.optional(),
});
export type VolumeSource = z.infer<typeof volumeSource>;

export const folderSource = z.strictObject({ of: z.literal('folder'), folder: z.string() });
type FolderSource = z.infer<typeof folderSource>;

export type TreeSource = VolumeSource | FolderSource;
type Owner = Readonly<{ machine: string }>;

/** Points of one source take each other's place: they are known by what cannot repeat. */
export const keyOfTree = (source: TreeSource, { machine }: Owner): SourceKey =>
  source.of === 'volume' ? { line: source.line } : { machine, folder: source.folder };

/** What a point's manifest says of where it was taken. */
export function factsOfTree(source: TreeSource, owner: Owner): Readonly<Record<string, Json>> {
  const key = keyOfTree(source, owner);
  if (source.of === 'folder') return key;
  const { volume, layer, handle, origin, claim, taken } = source;
  return {
    ...{ ...key, machine: owner.machine, vg: volume.vg, lv: origin, lv_uuid: volume.originUuid, volume: handle },
    ...{ snapshot: volume.lv, snapshots_of: layer, snapshot_taken: taken },
    ...(claim === undefined ? {} : { claim }),
  };
}

/** In the names of steps, points and folders: the same each time. */
export const itemOfTree = (source: TreeSource): string =>
  digestOf(source.of === 'volume' ? source.line : source.folder).slice(0, 10);

/** For people. */
export const labelOfTree = (source: TreeSource): string =>
  shown(source.of === 'volume' ? source.volume.label : source.folder);

export const refOfTree = (source: TreeSource, { machine }: Owner): Ref =>
  source.of === 'volume'
    ? ref('lvm-volume', machine, source.volume.vg, source.origin)
    : ref('folder', machine, source.folder);
