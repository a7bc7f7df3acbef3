// Where databases are copied from: a volume's snapshot, a folder, or files that are named.
import { join } from 'node:path';
import * as z from 'zod';
import type { Json } from '../../values/canonical.ts';
import { type Ref, ref } from '../../values/ref.ts';
import type { SourceKey } from '../common/points/source.ts';
import {
  factsOfTree,
  folderSource,
  itemOfTree,
  keyOfTree,
  labelOfTree,
  refOfTree,
  volumeSource,
} from '../common/sources/source.ts';
import type { SqliteEntry } from './schema.ts';

export const sourceSchema = z.discriminatedUnion('of', [
  volumeSource,
  folderSource,
  z.strictObject({ of: z.literal('files'), files: z.array(z.string()) }),
]);
export type Source = z.infer<typeof sourceSchema>;

/** Points of one source take each other's place: they are known by what cannot repeat. */
export const keyOf = (source: Source, { machine }: Pick<SqliteEntry, 'machine'>): SourceKey =>
  source.of === 'files' ? { machine, files: 'named' } : keyOfTree(source, { machine });

/** What a point's manifest says of where it was taken. */
export const factsOf = (source: Source, entry: Pick<SqliteEntry, 'machine'>): Readonly<Record<string, Json>> =>
  source.of === 'files' ? { ...keyOf(source, entry), named: source.files } : factsOfTree(source, entry);

/** In the names of steps, points and folders: the same each time. Undefined where there is but one source. */
export const itemOf = (source: Source): string | undefined => (source.of === 'volume' ? itemOfTree(source) : undefined);

/** For people. */
export const labelOf = (source: Source): string =>
  source.of === 'files' ? `${source.files.length} named` : labelOfTree(source);

/** Whose databases they are: the claim's, where the cluster said so; else what the estate calls the whole. */
export function workloadOf(source: Source, { workload }: Pick<SqliteEntry, 'workload'>): string {
  return source.of === 'volume' ? source.volume.label : workload;
}

export const sourceRef = (source: Source, { machine }: Pick<SqliteEntry, 'machine'>): Ref =>
  source.of === 'files' ? ref('files', machine, source.files[0] ?? '') : refOfTree(source, { machine });

/** What is remembered of a source from one run to the next: which databases it had. */
export const memoryOf = (entry: Pick<SqliteEntry, 'name'>, source: Source): string =>
  join('sqlite', entry.name, itemOf(source) ?? source.of);
