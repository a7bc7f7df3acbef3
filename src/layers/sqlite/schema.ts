// What an estate says of the databases of a workload.
import * as z from 'zod';
import { entryName, layerEntry, leftOutFields } from '../../contracts/layer-entry.ts';
import { keepSchema } from '../../values/retention.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { recipients } from '../common/points/encryption.ts';
import { absolutePath, liesBelowMount, notBelowMount, type PointEntry, pointFields } from '../common/points/entry.ts';
import { protectedField } from '../common/protection.ts';
import { timeSpan } from '../common/sources/snapshots.ts';

/** As a shell has patterns: `*`, `?`, `[...]`, `{a,b}`. */
const pattern = z
  .string()
  .regex(/^\/[^\0]*[^/\0]$/, 'is an absolute name, or a pattern of such')
  .refine((text) => !/\/\.{1,2}(\/|$)/.test(text), 'holds `.` or `..`');

const place = z
  .union(
    [
      z.strictObject({
        snapshots_of: entryName.describe('the newest sealed snapshot of each volume of this layer: a name of `layers`'),
      }),
      z.strictObject({ folder: absolutePath.describe('every database below this folder, at any depth') }),
      z.strictObject({ files: z.array(pattern).min(1).describe('databases by name; a pattern may stand for several') }),
    ],
    { error: 'is one of { snapshots_of: LAYER }, { folder: PATH }, { files: [PATH or pattern, ...] }' },
  )
  .describe(
    'where they are: in the newest snapshots of a layer, anywhere below a folder, or in files that are named; found by their content, whatever they are called',
  );

const exclusion = z.strictObject({
  database: z
    .string()
    .min(1)
    .describe('its path below the volume or folder; with `/` at its end, all below that folder'),
  workload: z.string().min(1).optional().describe('only of this one, where there are several: NAMESPACE/CLAIM'),
  ...leftOutFields,
  reason: z.string().min(1).describe('why it may be without a copy'),
});
export type DatabaseExclusion = z.infer<typeof exclusion>;

export const sqliteEntry = layerEntry
  .extend({
    kind: z.literal('sqlite'),
    from: place,
    keep: keepSchema.default({}),
    to: pointFields.to.optional(),
    mounted_at: pointFields.mounted_at,
    prune_at_most: pointFields.prune_at_most,
    exclude: z.array(exclusion).optional().describe('databases that are not copied, and who decided so'),
    only_check: z
      .boolean()
      .optional()
      .describe('copies nothing, and only asks each database whether it is sound; `to` and `keep` are then left out'),
    stale_after: timeSpan.optional().describe('a volume whose newest snapshot is older than this fails; default `26h`'),
    staging: absolutePath
      .optional()
      .describe('where copies are made before they are sealed; default: beside the point that they become'),
    encrypt_to: recipients.optional(),
    identity: secretReference
      .optional()
      .describe('what opens points that were encrypted to a recipient; for a restore'),
    protected: protectedField,
  })
  .refine(liesBelow, notBelowMount)
  .refine(({ to, only_check }) => only_check === true || to !== undefined, {
    path: ['to'],
    message: 'is missing: the folder that restore points go below',
  })
  .refine(({ to, only_check }) => only_check !== true || to === undefined, {
    path: ['to'],
    message: 'has no use with `only_check`, which copies nothing',
  })
  .refine(({ from, only_check }) => only_check !== true || 'files' in from, {
    path: ['from'],
    message: 'is `files` with `only_check`: each database is named, so that one that is gone is noticed',
  })
  .refine(outside, { path: ['to'], message: 'lies within the folder whose databases are copied' });
export type SqliteEntry = z.infer<typeof sqliteEntry>;

function liesBelow({ to, mounted_at }: { to?: string | undefined; mounted_at?: string | undefined }): boolean {
  return to === undefined || liesBelowMount({ to, mounted_at });
}

function outside({ from, to }: { from: z.infer<typeof place>; to?: string | undefined }): boolean {
  return !('folder' in from) || to === undefined || !`${to}/`.startsWith(`${from.folder}/`);
}

/** An entry whose databases are copied. */
export type CopyingEntry = SqliteEntry & PointEntry;
export const isCopying = (entry: SqliteEntry): entry is CopyingEntry => entry.to !== undefined;
