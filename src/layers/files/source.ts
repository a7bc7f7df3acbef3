// What is copied into a generation: a volume's snapshot, or a folder.
import * as z from 'zod';
import type { ExcludedItem } from '../../model/item-results.ts';
import { folderSource, labelOfTree, volumeSource } from '../common/sources/source.ts';
import { type FileExclusion, type FilesEntry, foldersOf } from './schema.ts';

export const sourceSchema = z.discriminatedUnion('of', [volumeSource, folderSource]);
export type Source = z.infer<typeof sourceSchema>;

/** Whose files they are: the claim's, where the cluster said so; the folder's, where there are several; else what the estate calls the whole. */
export function workloadOf(source: Source, { workload, from }: Pick<FilesEntry, 'workload' | 'from'>): string {
  if (source.of === 'volume') return source.volume.label;
  return foldersOf(from).length > 1 ? labelOfTree(source) : workload;
}

/** Its name below a week: `monitoring/grafana`, `srv/photos`. */
export const weekNameOf = (source: Source): string =>
  source.of === 'volume' ? source.volume.label : source.folder.slice(1);

export const excludedOf = (entry: FilesEntry, source: Source): readonly FileExclusion[] =>
  (entry.exclude ?? []).filter(({ workload }) => workload === undefined || workload === workloadOf(source, entry));

export const asExcludedItem = ({ path, workload, reason, owner }: FileExclusion, entry: FilesEntry): ExcludedItem => ({
  ...{ name: path, workload: workload ?? entry.workload, because: `${reason} (${owner})` },
});
