// Where databases are copied from: a volume's snapshot, a folder, or files that are named.
import { join } from 'node:path';
import * as z from 'zod';
import { digestOf, type Json } from '../../values/canonical.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { sinceBootSchema } from '../common/points/since-boot.ts';
import type { SourceKey } from '../common/points/source.ts';
import { volumeSchema } from '../common/volume/volume.ts';
import type { SqliteEntry } from './schema.ts';

const snapshotOf = z.strictObject({
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

export const sourceSchema = z.discriminatedUnion('of', [
  snapshotOf,
  z.strictObject({ of: z.literal('folder'), folder: z.string() }),
  z.strictObject({ of: z.literal('files'), files: z.array(z.string()) }),
]);
export type Source = z.infer<typeof sourceSchema>;

/** Points of one source take each other's place: they are known by what cannot repeat. */
export function keyOf(source: Source, { machine }: Pick<SqliteEntry, 'machine'>): SourceKey {
  if (source.of === 'volume') return { line: source.line };
  return source.of === 'folder' ? { machine, folder: source.folder } : { machine, files: 'named' };
}

/** What a point's manifest says of where it was taken. */
export function factsOf(source: Source, entry: Pick<SqliteEntry, 'machine'>): Readonly<Record<string, Json>> {
  const key = keyOf(source, entry);
  if (source.of === 'files') return { ...key, named: source.files };
  if (source.of === 'folder') return key;
  const { volume, layer, handle, origin, claim, taken } = source;
  return {
    ...{ ...key, machine: entry.machine, vg: volume.vg, lv: origin, lv_uuid: volume.originUuid, volume: handle },
    ...{ snapshot: volume.lv, snapshots_of: layer, snapshot_taken: taken },
    ...(claim === undefined ? {} : { claim }),
  };
}

/** In the names of steps, points and folders: the same each time. Undefined where there is but one source. */
export const itemOf = (source: Source): string | undefined =>
  source.of === 'volume' ? digestOf(source.line).slice(0, 10) : undefined;

/** For people. */
export function labelOf(source: Source): string {
  if (source.of === 'volume') return shown(source.volume.label);
  return source.of === 'folder' ? shown(source.folder) : `${source.files.length} named`;
}

/** Whose databases they are: the claim's, where the cluster said so; else what the estate calls the whole. */
export function workloadOf(source: Source, { workload }: Pick<SqliteEntry, 'workload'>): string {
  return source.of === 'volume' ? source.volume.label : workload;
}

export function sourceRef(source: Source, { machine }: Pick<SqliteEntry, 'machine'>): Ref {
  if (source.of === 'volume') return ref('lvm-volume', machine, source.volume.vg, source.origin);
  return source.of === 'folder' ? ref('folder', machine, source.folder) : ref('files', machine, source.files[0] ?? '');
}

/** What is remembered of a source from one run to the next: which databases it had. */
export const memoryOf = (entry: Pick<SqliteEntry, 'name'>, source: Source): string =>
  join('sqlite', entry.name, itemOf(source) ?? source.of);
