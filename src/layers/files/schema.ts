// What an estate says of the files of a workload.
import * as z from 'zod';
import { entryName, layerEntry, leftOutFields } from '../../contracts/layer-entry.ts';
import { judgementFields } from '../common/judgement/thresholds.ts';
import { absolutePath, liesBelowMount, notBelowMount, pointFields } from '../common/points/entry.ts';
import { protectedField } from '../common/protection.ts';
import { timeSpan } from '../common/sources/snapshots.ts';

const folder = z.strictObject({
  folder: absolutePath.describe('everything below this folder, on its own file system'),
  mounted_at: absolutePath
    .optional()
    .describe('where the share or disk it lies on is mounted; nothing is copied, and nothing removed, while it is not'),
});

const place = z
  .union(
    [
      z.strictObject({
        snapshots_of: entryName.describe('the newest sealed snapshot of each volume of this layer: a name of `layers`'),
      }),
      z.strictObject({ folders: z.array(folder).min(1).describe('folders of the machine; shares are folders, too') }),
    ],
    { error: 'is one of { snapshots_of: LAYER }, { folders: [{ folder: PATH }, ...] }' },
  )
  .describe('what is copied: the volumes in the newest snapshots of a layer, or folders');

const exclusion = z.strictObject({
  path: z
    .string()
    .regex(
      /^(?!\.{1,2}(\/|$))[^/\0]+(\/(?!\.{1,2}(\/|$))[^/\0]+)*$/,
      'is a path below the source, without / at its ends',
    )
    .describe('a file or folder below the source; of a folder, all that is in it'),
  workload: z
    .string()
    .min(1)
    .optional()
    .describe('only of this one, where there are several: NAMESPACE/CLAIM, or the folder'),
  ...leftOutFields,
});
export type FileExclusion = z.infer<typeof exclusion>;

const within = (one: string, other: string): boolean => `${one}/`.startsWith(`${other}/`);
const overlap = (one: string, other: string): boolean => within(one, other) || within(other, one);

export const filesEntry = layerEntry
  .extend({
    kind: z.literal('files'),
    from: place,
    to: pointFields.to,
    mounted_at: pointFields.mounted_at,
    prune_at_most: pointFields.prune_at_most,
    week_links: absolutePath
      .optional()
      .describe(
        'a folder of this layer alone, in which the newest restore point of each ISO week is linked as YYYY-WW/NAMESPACE/CLAIM, or YYYY-WW/FOLDER',
      ),
    exclude: z.array(exclusion).optional().describe('what is not copied, and who decided so'),
    stale_after: timeSpan.optional().describe('a volume whose newest snapshot is older than this fails; default `26h`'),
    restore_devices: z.boolean().optional().describe('makes device nodes, too, in a restore; default false'),
    protected: protectedField,
    ...judgementFields,
  })
  .refine(liesBelowMount, notBelowMount)
  .refine(({ from, to }) => foldersOf(from).every(({ folder: one }) => !overlap(one, to)), {
    path: ['to'],
    message: 'and a folder that is copied lie within each other',
  })
  .refine(
    ({ from, week_links }) =>
      week_links === undefined || foldersOf(from).every(({ folder: one }) => !overlap(one, week_links)),
    {
      path: ['week_links'],
      message: 'and a folder that is copied lie within each other',
    },
  )
  .refine(({ to, name, week_links }) => week_links === undefined || !overlap(week_links, `${to}/${name}`), {
    path: ['week_links'],
    message: 'and the folder of the restore points (`to` and the name of the layer) lie within each other',
  })
  .refine(
    ({ from }) =>
      foldersOf(from).every((one, at, all) => all.slice(at + 1).every((other) => !overlap(one.folder, other.folder))),
    {
      path: ['from', 'folders'],
      message:
        'name folders that lie within each other: each is copied once, so name the outer one, or exclude the inner one there',
    },
  )
  .refine(
    ({ from }) => foldersOf(from).every((one) => one.mounted_at === undefined || within(one.folder, one.mounted_at)),
    { path: ['from', 'folders'], message: 'have a folder that does not lie below its `mounted_at`' },
  );
export type FilesEntry = z.infer<typeof filesEntry>;
export type DeclaredFolder = z.infer<typeof folder>;

export const foldersOf = (from: z.infer<typeof place>): readonly DeclaredFolder[] =>
  'folders' in from ? from.folders : [];
